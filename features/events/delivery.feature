Feature: What one service tells another
  Billing tells entitlement what was bought, and entitlement tells generation who may. Such events can get lost, come twice,
  late or in another order, and anybody can try to forge one. None of that may change what a member has paid for.

  Background:
    Given Ann has 500 credits
    And Mo is a moderator
    And early access to Dusk costs 120 credits for generation

  @whole
  Rule: What gets lost is told again

    Scenario Outline: The <event> gets lost on its way
      Given the <event> gets lost at first
      When Ann buys generation access to Dusk
      Then Ann may use Dusk for generation
      When Ann generates an image with Dusk
      Then Ann gets an image
      And Ann has paid 125 credits

      Examples:
        | event          |
        | purchase event |
        | access event   |

    Scenario Outline: The <event> arrives, and nobody hears of it
      Given the answer to the <event> gets lost at first
      When Ann buys generation access to Dusk
      Then Ann may use Dusk for generation
      When Ann generates an image with Dusk
      Then Ann gets an image
      And Ann has paid 125 credits

      Examples:
        | event          |
        | purchase event |
        | access event   |

    Scenario Outline: A refund is told until it has arrived: <what>
      Given Ann has bought generation access to Dusk
      And <what>
      When Mo refunds the purchase of Ann
      Then Ann may not use Dusk for generation
      And Ann has 500 credits left

      Examples:
        | what                                          |
        | the refund event gets lost at first           |
        | the answer to the refund event gets lost at first |

  Rule: Neither repetition nor order makes a difference

    Scenario: Everything is told five times
      Given what billing sends entitlement arrives 5 times
      And what entitlement sends generation arrives 5 times
      When Ann buys generation access to Dusk
      Then Ann may use Dusk for generation
      When Mo refunds the purchase of Ann
      Then Ann may not use Dusk for generation
      And Ann has 500 credits left

    Scenario: The purchase is told once more after the refund
      Given the first event from billing to entitlement comes again after the second
      And Ann has bought generation access to Dusk
      When Mo refunds the purchase of Ann
      Then Ann may not use Dusk for generation
      When Ann generates at once with Dusk
      Then that is refused with access-revoked

    Scenario: The refund is told before the purchase
      Given the first event from billing to entitlement comes after the second
      When Ann buys generation access to Dusk
      And Mo refunds the purchase of Ann
      Then that is accepted
      And Ann may not use Dusk for generation
      And Ann has 500 credits left

  @whole
  Rule: What is forged or stale changes nothing, and what is genuine still counts

    Scenario Outline: The <event> comes without a signature
      Given the <event> comes without a signature at first
      When Ann buys generation access to Dusk
      Then Ann may use Dusk for generation
      When Ann generates an image with Dusk
      Then Ann gets an image

      Examples:
        | event          |
        | purchase event |
        | access event   |

    Scenario: A purchase event that was changed on its way gives nobody else what Ann paid for
      Given Sam is a member
      And the purchase event is forged at first to name Sam
      When Ann buys generation access to Dusk
      Then Ann may use Dusk for generation
      And Sam may not use Dusk for generation

    Scenario: A refund event that was changed on its way takes nothing from anybody else
      Given Sam has 500 credits
      And Sam has bought generation access to Dusk
      And Ann has bought generation access to Dusk
      And the refund event is forged at first to name Sam
      When Mo refunds the purchase of Ann
      Then Ann may not use Dusk for generation
      And Sam may use Dusk for generation

    Scenario: A purchase event that is too old is not believed until it is told anew
      Given the purchase event comes 10 minutes after it was signed at first
      When Ann buys generation access to Dusk
      Then Ann may use Dusk for generation
      And Ann has paid 120 credits

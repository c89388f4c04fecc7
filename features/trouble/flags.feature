Feature: Flags
  Nothing is sold that cannot be used, whatever the flags say and whether or not they say anything.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario Outline: With <flag> switched off nothing is sold
    Given the flag "<flag>" is off
    When Ann buys generation access to Dusk
    Then that is refused with sales-paused
    And Ann has 500 credits left

    Examples:
      | flag               |
      | early-access-sales |
      | generation         |

  Scenario Outline: <flag> is switched off between the quote and the purchase
    Given the flag "<flag>" goes off after 1 look
    When Ann buys generation access to Dusk
    Then that is refused with sales-paused
    And Ann has 500 credits left
    And Ann may not use Dusk for generation

    Examples:
      | flag               |
      | early-access-sales |
      | generation         |

  Scenario: What was bought stays, while generating is switched off
    Given Ann has bought generation access to Dusk
    And the flag "generation" is off
    When Ann generates an image with Dusk
    Then that is refused with generation-paused
    And Ann may use Dusk for generation
    And Ann has paid 120 credits

  Scenario Outline: In doubt nothing is sold: <trouble>
    Given the fault "storefront -> flags: <trouble>"
    When Ann buys generation access to Dusk
    Then that is refused with sales-paused
    And Ann has 500 credits left

    Examples:
      | trouble             |
      | abort 500           |
      | respond with html   |
      | respond with empty  |
      | remove response /value |
      | lose response       |

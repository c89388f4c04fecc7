@contract
Feature: What a client says of itself
  The price comes from the offer, and the buyer is whoever is signed in. What a client says about either is refused or not
  listened to.

  Background:
    Given Ann has 500 credits
    And Sam has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario Outline: A price of <price> credits, named when asking
    When Ann asks for the price of generation access to Dusk and names <price> credits
    Then that is refused with invalid-request
    And Ann is offered generation access to Dusk for 120 credits

    Examples:
      | price |
      | 0     |
      | 1     |

  Scenario Outline: A price of <price> credits, named when buying
    When Ann buys generation access to Dusk and names <price> credits as the price
    Then that is refused with invalid-request
    And Ann has 500 credits left
    And Ann may not use Dusk for generation

    Examples:
      | price |
      | 0     |
      | 1     |

  Scenario: Buying in somebody else's name
    When Ann buys generation access to Dusk in the name of Sam
    Then that is refused with invalid-request
    And Ann has 500 credits left
    And Sam has 500 credits left
    And Sam may not use Dusk for generation

  Scenario: Setting the price of what belongs to somebody else
    When Ann sets the price of generation access to Dusk to 1 credit
    Then that is refused with forbidden
    And Ann is offered generation access to Dusk for 120 credits

  Scenario: The ledger is for those who keep order
    When Ann looks at the ledger
    Then that is refused with forbidden

@containers @serial
Feature: A service dies at the worst moment
  Whatever was acknowledged is there when the service is back, whatever was begun comes to an end, and nobody pays twice: at
  each moment between the charge and the last service that has to know of it. These scenarios have the platform to
  themselves, and need it in containers.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario Outline: <service> dies before it <has not yet>
    Given the fault "<where>"
    When Ann buys generation access to Dusk
    And every fault has fired
    And <service> is killed
    And all faults and outages are over
    And Ann sends the purchase again
    Then that is accepted
    And Ann may use Dusk for generation
    And Ann has paid 120 credits
    And no money was made or lost
    When Ann generates an image with Dusk
    Then Ann gets an image

    Examples: Charging
      | service | has not yet             | where                                                     |
      | billing | has heard of the order  | storefront -> billing POST /v1/purchases: drop            |
      | billing | has answered the order  | storefront -> billing POST /v1/purchases: lose response   |

    Examples: Telling of the purchase
      | service     | has not yet                         | where                                 |
      | billing     | has told of the purchase            | billing -> entitlement: drop          |
      | billing     | knows that the purchase was heard of | billing -> entitlement: lose response |
      | entitlement | has heard of the purchase           | billing -> entitlement: drop          |
      | entitlement | has acknowledged the purchase       | billing -> entitlement: lose response |

    Examples: Telling of the access
      | service     | has not yet                        | where                                    |
      | entitlement | has told of the access             | entitlement -> generation: drop          |
      | entitlement | knows that the access was heard of | entitlement -> generation: lose response |
      | generation  | has heard of the access            | entitlement -> generation: drop          |
      | generation  | has acknowledged the access        | entitlement -> generation: lose response |

  Scenario: generation dies while a job runs
    Given Ann has bought generation access to Dusk
    And what generation sends worker arrives 3 seconds late
    When Ann generates an image with Dusk
    And every fault has fired
    And generation is killed
    And all faults and outages are over
    Then Ann gets an image
    And Ann has paid 125 credits

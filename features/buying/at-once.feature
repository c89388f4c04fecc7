Feature: Several clicks at the same moment
  Members are impatient, and clients try again. Whatever comes at the same moment counts once, and nobody spends money that
  they do not have.

  Scenario Outline: <clients> clients buy the same thing
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann buys generation access to Dusk with <clients> clients at once
    Then that made 1 purchase
    And Ann has paid 120 credits
    And Ann may use Dusk for generation

    Examples:
      | clients |
      | 2       |
      | 50      |

  Scenario: One purchase, sent twenty times
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann sends one purchase of generation access to Dusk 20 times at once
    Then that made 1 purchase
    And Ann has paid 120 credits

  Scenario: Money for one of two
    Given Ann has 130 credits
    And early access to Dusk costs 120 credits for generation
    And early access to Noon costs 120 credits for generation
    When Ann buys generation access to Dusk and Noon at once
    Then that made 1 purchase
    And Ann has 10 credits left
    And no money was made or lost

  Scenario: Money for two of four images
    Given Ann has 130 credits
    And early access to Dusk costs 120 credits for generation
    And Ann has bought generation access to Dusk
    When Ann generates with Dusk with 4 clients at once
    Then that made 2 jobs
    And the job has succeeded
    And Ann has 0 credits left

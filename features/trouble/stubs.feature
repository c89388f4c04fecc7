Feature: A neighbour answers what a file says
  What a service hardly ever answers by itself is written down under `stubs/`, and a sentence names it. Whatever a neighbour
  says, the person is told what is so, and pays for nothing that they did not get.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario: The wallet is emptied between the look and the purchase
    Given billing answers as in "insufficient-funds"
    When Ann buys generation access to Dusk
    Then that is refused with insufficient-funds
    And Ann has 500 credits left
    And Ann may not use Dusk for generation

  Scenario: Billing is over capacity, and the next try goes through
    Given billing answers as in "over-capacity" once
    When Ann buys generation access to Dusk
    Then that is refused with billing-unavailable
    And the refusal says when to try again
    When Ann sends the purchase again
    Then that is accepted
    And Ann may use Dusk for generation
    And Ann has paid 120 credits

  @whole
  Scenario: Entitlement is over capacity while a buyer generates
    Given Ann has bought generation access to Dusk
    And entitlement answers as in "over-capacity"
    When Ann generates an image with Dusk
    Then that is refused with entitlement-unavailable
    And the refusal says when to try again
    And Ann has paid 120 credits

  Scenario: The worker hangs up on every order: what was not rendered is not paid for
    Given Ann has bought generation access to Dusk
    And worker answers as in "hangs-up"
    When Ann generates an image with Dusk
    Then the job failed with worker-unavailable
    And Ann has paid 120 credits

@contract
Feature: Who one is
  A permission belongs to the member who bought it: no other session, no other credential, and no changed one opens anything.

  Background:
    Given Ann has 500 credits
    And Sam has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario: A forged session opens nothing
    Given Ann has bought generation access to Dusk
    When Ann comes with a forged session
    And Ann generates at once with Dusk
    Then that is refused with signed-out
    When Ann buys generation access to Dusk
    Then that is refused with signed-out

  Scenario: A forged credential opens nothing
    Given Ann has bought generation access to Dusk
    When Sam generates with Dusk using a forged credential of Ann
    Then that is refused with credential-invalid
    And Sam has 500 credits left

  Scenario: Two members buy the same, and each has it
    Given Ann has bought generation access to Dusk
    When Sam buys generation access to Dusk
    Then that is accepted
    And Sam may use Dusk for generation
    And Sam has paid 120 credits
    And Ann has paid 120 credits

  Scenario: Somebody else's job cannot be canceled
    Given Ann has bought generation access to Dusk
    When Ann generates an image with Dusk
    And Sam cancels the job
    Then that is refused with not-found
    When Ann looks at the job
    Then the job has succeeded

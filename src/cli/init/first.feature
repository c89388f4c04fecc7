Feature: Whoever paid gets the image
  Begin here: change a number, run again, and see what paidpath says.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario: From the purchase to the image
    When Ann buys generation access to Dusk
    Then that is accepted
    And Ann has paid 120 credits
    When Ann generates an image with Dusk
    Then Ann gets an image

  @boundary
  Scenario: The last credit is enough
    Given Eve has 125 credits
    When Eve buys generation access to Dusk
    And Eve generates an image with Dusk
    Then Eve gets an image
    And Eve has 0 credits left

  Scenario: A stranger is told to buy
    Given Sam has 500 credits
    When Sam generates an image with Dusk
    Then that is refused with purchase-required
    And Sam has 500 credits left

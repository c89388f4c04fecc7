Feature: A neighbour is down
  Whoever paid is told "temporarily", never "not bought", and nobody gets in without having paid.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario: The permission service is down while a buyer generates
    Given Ann has bought generation access to Dusk
    And generation cannot reach entitlement
    When Ann generates an image with Dusk
    Then that is refused with entitlement-unavailable
    And the refusal says when to try again
    And Ann has paid 120 credits

  Scenario: The permission service is down while a stranger generates
    Given Sam has 500 credits
    And generation cannot reach entitlement
    When Sam generates at once with Dusk
    Then that is refused with entitlement-unavailable
    And Sam has 500 credits left

  Scenario: Generation is down
    Given Ann has bought generation access to Dusk
    And storefront cannot reach generation
    When Ann generates an image with Dusk
    Then that is refused with generation-unavailable
    And the refusal says when to try again

  Scenario: Billing is down while a member buys
    Given the fault "storefront -> billing POST /v1/purchases: drop"
    When Ann buys generation access to Dusk
    Then that is refused with billing-unavailable
    And Ann has 500 credits left
    And Ann may not use Dusk for generation

  Scenario: The purchase event comes three times
    Given what billing sends entitlement arrives 3 times
    When Ann buys generation access to Dusk
    Then Ann may use Dusk for generation
    And Ann has paid 120 credits

  Scenario: The flag provider is down: nothing is sold, and nothing bought is taken away
    Given Ann has bought generation access to Dusk
    And early access to Noon costs 80 credits for generation
    And storefront cannot reach flags
    When Ann asks for the price of generation access to Noon
    Then that is refused with sales-paused
    When Ann generates an image with Dusk
    Then Ann gets an image

  Scenario: Sales are paused by a flag
    Given the fault "storefront -> flags POST /*/early-access-sales: set response /value to false"
    When Ann buys generation access to Dusk
    Then that is refused with sales-paused
    And Ann has 500 credits left

  Scenario: Where generation is paused, nothing is sold that could not be used
    Given the fault "storefront -> flags POST /*/generation: set response /value to false"
    When Ann buys generation access to Dusk
    Then that is refused with sales-paused

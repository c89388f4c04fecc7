@contract
Feature: What early access costs
  Whoever looks at a model version in early access sees one price, is quoted that price, and is charged that price.

  Background:
    Given Ann has 500 credits

  Scenario: The model page and the quote name the same price
    Given early access to Dusk costs 120 credits for generation and 300 credits for download
    Then Ann is offered generation access to Dusk for 120 credits
    And Ann is offered download access to Dusk for 300 credits

  Scenario: A new price holds from the moment the owner sets it
    Given early access to Dusk costs 120 credits for generation
    When the price of generation access to Dusk becomes 90 credits
    Then Ann is offered generation access to Dusk for 90 credits

  Scenario: What is quoted is what is charged
    Given early access to Dusk costs 120 credits for generation
    When Ann buys generation access to Dusk
    Then that is accepted
    And the answer's amount is "120"
    And Ann has 380 credits left

  Scenario: A right that is not sold has no price
    Given early access to Dusk costs 120 credits for generation
    When Ann asks for the price of download access to Dusk
    Then that is refused with not-for-sale

  Scenario: A public model version is not for sale
    Given Dawn is public
    When Ann asks for the price of generation access to Dawn
    Then that is refused with not-for-sale

  Scenario: Nothing is sold once early access has ended
    Given early access to Dusk costs 120 credits for generation
    When early access to Dusk has ended
    And Ann asks for the price of generation access to Dusk
    Then that is refused with early-access-ended

@contract
Feature: Trying before buying

  Background:
    Given Tim has 100 credits
    And the early-access model version Dusk
      | generation | 120 credits |
      | trials     | 2           |

  Scenario: A trial is good for so many generations
    Given Tim is trying Dusk
    When Tim generates an image with Dusk
    Then Tim gets an image
    When Tim generates an image with Dusk
    Then Tim gets an image
    When Tim generates at once with Dusk
    Then that is refused with trial-exhausted

  Scenario: A trial costs nothing but the generation itself
    Given Tim is trying Dusk
    Then Tim may use Dusk for generation
    And Tim has 100 credits left

  Scenario: Where no trial is offered there is none
    Given early access to Noon costs 80 credits for generation
    When Tim begins a trial of Noon
    Then that is refused with trial-unavailable

Feature: The moment at which something ends
  Just before, at the very moment, and just after: there is no gap in which nobody may, and none in which everybody may.

  Background:
    Given Ann has 900 credits
    And Sam has 100 credits

  @contract
  Scenario: Early access ends
    Given early access to Dusk costs 120 credits for generation
    And Ann has bought generation access to Dusk
    When early access to Dusk is about to end
    Then Ann may use Dusk for generation
    And Sam may not use Dusk for generation
    When early access to Dusk ends
    Then Sam may use Dusk for generation
    And Ann may use Dusk for generation
    When early access to Dusk has ended
    Then Sam may use Dusk for generation

  @contract
  Scenario: Access that was bought for some days ends
    Given the early-access model version Dusk
      | generation   | 120 credits |
      | ends in      | 30 days     |
      | access lasts | 3 days      |
    And Ann has bought generation access to Dusk
    When Ann's access to Dusk is about to end
    Then Ann may use Dusk for generation
    When Ann's access to Dusk ends
    Then Ann may not use Dusk for generation
    When Ann generates at once with Dusk
    Then that is refused with access-expired

  @contract
  Scenario: Whoever bought for some days can buy again once these are over
    Given the early-access model version Dusk
      | generation   | 120 credits |
      | ends in      | 30 days     |
      | access lasts | 3 days      |
    And Ann has bought generation access to Dusk
    When Ann's access to Dusk ends
    And Ann buys generation access to Dusk
    Then that is accepted
    And Ann may use Dusk for generation
    And Ann has paid 240 credits

  Scenario: Access ends while a job runs: whoever paid for the image gets it
    Given the early-access model version Dusk
      | generation   | 120 credits |
      | ends in      | 30 days     |
      | access lasts | 3 days      |
    And Ann has bought generation access to Dusk
    And what generation sends worker arrives 500 milliseconds late
    When Ann's access to Dusk is about to end
    And Ann generates an image with Dusk
    And the job has begun
    And 10 seconds pass
    Then Ann gets an image
    And Ann has paid 125 credits

  @contract
  Scenario: A refusal from before the purchase is forgotten
    Given early access to Dusk costs 120 credits for generation
    When Ann generates an image with Dusk
    Then that is refused with purchase-required
    When Ann buys generation access to Dusk
    And Ann generates an image with Dusk
    Then Ann gets an image

  Scenario: Yes stays yes
    Given early access to Dusk costs 120 credits for generation
    And Ann has bought generation access to Dusk
    When Ann opens Dusk 10 times
    And Ann generates at once with Dusk
    Then Ann gets an image
    When Ann generates at once with Dusk
    Then Ann gets an image

  Scenario: What was used before it was given back is over, too
    Given Mo is a moderator
    And early access to Dusk costs 120 credits for generation
    And Ann has bought generation access to Dusk
    When Ann generates an image with Dusk
    Then Ann gets an image
    When Mo refunds the purchase of Ann
    Then Ann may not use Dusk for generation
    # Until then generation may go by what it remembers.
    When 3 seconds pass
    And Ann generates at once with Dusk
    Then that is refused with access-revoked
    And Ann has paid 5 credits

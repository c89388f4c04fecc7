Feature: Generating with what was bought
  The reason for it all: whoever paid gets the image.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  @contract
  Scenario: From the purchase to the image
    When Ann buys generation access to Dusk
    And Ann generates an image with Dusk
    Then Ann gets an image
    And the job went through its states in order

  @contract
  Scenario: As many images as were asked for
    Given Ann has bought generation access to Dusk
    When Ann generates 3 images with Dusk
    Then Ann gets 3 images
    And Ann has paid 135 credits

  @contract
  Scenario: The estimate is the price
    Given Ann has bought generation access to Dusk
    When Ann asks what 2 images with Dusk cost
    Then the answer's cost is "10"
    When Ann generates 2 images with Dusk
    Then Ann gets 2 images
    And Ann has 370 credits left

  @contract
  Scenario: A stranger is told to buy, and not to sign in
    Given Sam has 500 credits
    When Sam generates an image with Dusk
    Then that is refused with purchase-required
    And Sam has 500 credits left

  @contract
  Scenario: Signed out, one is told to sign in, and not to buy
    Given Ann has bought generation access to Dusk
    When Ann signs out
    And Ann generates at once with Dusk
    Then that is refused with signed-out

  @contract
  Scenario: A public model version needs no purchase
    Given Dawn is public
    When Ann generates an image with Dawn
    Then Ann gets an image

  @contract
  Scenario: Paid for access, but not for the image
    Given Eve has 122 credits
    And Eve has bought generation access to Dusk
    When Eve generates an image with Dusk
    Then that is refused with insufficient-funds
    And Eve has 2 credits left

  Scenario: One request sent five times is one job
    Given Ann has bought generation access to Dusk
    When Ann sends one generation with Dusk 5 times at once
    Then that made 1 job
    And Ann gets an image
    And Ann has paid 125 credits

  @contract
  Scenario: Somebody else's job and image cannot be seen
    Given Ann has bought generation access to Dusk
    And Sam is a member
    When Ann generates an image with Dusk
    Then Ann gets an image
    When Sam looks at the job
    Then that is refused with not-found
    When Sam looks at the image
    Then that is refused with not-found

  Scenario: A job that is canceled costs nothing
    Given Ann has bought generation access to Dusk
    And what generation sends entitlement arrives 500 milliseconds late
    When Ann generates an image with Dusk
    And the job is canceled
    Then the job has canceled
    And Ann has paid 120 credits

  @contract
  Scenario: A key is good for one generation only
    Given Ann has bought generation access to Dusk
    When Ann generates an image with Dusk
    And Ann uses the same key to generate 3 images with Dusk
    Then that is refused with idempotency-key-reused
    And Ann has paid 125 credits

  @contract
  Scenario: What has ended cannot be canceled any more
    Given Ann has bought generation access to Dusk
    When Ann generates an image with Dusk
    Then the job has succeeded
    When the job is canceled
    Then that is refused with job-finished
    And the job has succeeded
    And Ann has paid 125 credits

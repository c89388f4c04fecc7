Feature: A session by hand
  What `paidpath up` begins with: somebody clicks around as Ann, and every check looks on.

  Scenario: Ann has money, and something is for sale
    Given Ann has 1000 credits
    And early access to Dusk costs 120 credits for generation and 300 credits for download
    When Ann takes over
    Then no money was made or lost

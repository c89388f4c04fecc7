Feature: A request in one's own words
  For the odd case that no sentence covers: any request that a client can send, and any field of the answer.

  Scenario: What a client may ask is asked as it is written
    Given Ann has 500 credits
    When Ann sends the request "GET /v1/wallet"
    Then the answer has the status 200
    And at "/balance" the answer has "500"
    And at "/debts" the answer has nothing
    And the answer has the header "Content-Type" with "application/json"

  Scenario: Ids stand in braces
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann sends this request:
      """
      POST /v1/quotes

      {"version": "{Dusk}", "right": "generation"}
      """
    Then the answer has the status 201
    And at "/amount" the answer has "120"
    And at "/version" the answer has "{Dusk}"

  Scenario: What is wrong with a request is said
    Given Ann has 500 credits
    When Ann sends this request:
      """
      POST /v1/wallet/top-ups
      Content-Type: text/plain
      Idempotency-Key: once

      ten credits
      """
    Then that is refused with malformed-body

Feature: Buying early access
  Money changes hands once, for the one thing that was bought, and never otherwise.

  @contract
  Rule: Whoever has the money and may buy, buys

    Scenario Outline: A member buys <right> access
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation and 300 credits for download
      When Ann buys <right> access to Dusk
      Then that is accepted
      And Ann may use Dusk for <right>
      And Ann has paid <price> credits

      Examples:
        | right      | price |
        | generation | 120   |
        | download   | 300   |

    Scenario: The last credit is enough
      Given Ann has 120 credits
      And early access to Dusk costs 120 credits for generation
      When Ann buys generation access to Dusk
      Then that is accepted
      And Ann has 0 credits left

    Scenario: Money that was topped up can be spent
      Given Ann has 100 credits
      And early access to Dusk costs 120 credits for generation
      When Ann tops up 20 credits
      And Ann buys generation access to Dusk
      Then that is accepted
      And Ann has 0 credits left

  @contract
  Rule: A refused purchase costs nothing and gives nothing

    Scenario: A member without the money
      Given Ann has 119 credits
      And early access to Dusk costs 120 credits for generation
      When Ann buys generation access to Dusk
      Then that is refused with insufficient-funds
      And Ann has 119 credits left
      And Ann may not use Dusk for generation

    Scenario: A declined card brings no money
      Given Ann is a member
      And early access to Dusk costs 120 credits for generation
      When Ann tops up 500 credits with a declined card
      Then that is refused with payment-declined
      When Ann buys generation access to Dusk
      Then that is refused with insufficient-funds

    Scenario: Owners do not buy their own models
      Given Olga has 500 credits
      And the early-access model version Dusk
        | owner      | Olga        |
        | generation | 120 credits |
      When Olga buys generation access to Dusk
      Then that is refused with own-model

    Scenario: Signed out, nobody buys
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation
      When Ann signs out
      And Ann buys generation access to Dusk
      Then that is refused with signed-out

  Rule: What is bought is bought once

    Background:
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation and 300 credits for download

    @contract
    Scenario: Buying again what one has
      Given Ann has bought generation access to Dusk
      When Ann buys generation access to Dusk
      Then that is refused with already-purchased
      And Ann has paid 120 credits

    @contract
    Scenario: The same request sent twice is one purchase
      When Ann buys generation access to Dusk
      And Ann sends the purchase again
      Then that is accepted
      And Ann has paid 120 credits

    @contract
    Scenario: A key is good for one request only
      Given Ann has bought generation access to Dusk
      When Ann uses the same key to buy download access to Dusk
      Then that is refused with idempotency-key-reused
      And Ann has paid 120 credits

    Scenario: Twelve impatient clicks are one purchase
      When Ann buys generation access to Dusk with 12 clients at once
      Then that made 1 purchase
      And Ann has paid 120 credits
      And no money was made or lost

@contract
Feature: A permission is for what was bought
  Neither more nor less, for nobody else, and for as long as it was sold for.

  Background:
    Given Ann has 900 credits
    And early access to Dusk costs 120 credits for generation and 300 credits for download

  Rule: Not more than was bought

    Scenario: A stranger may nothing
      Given Sam has 900 credits
      And Ann has bought generation access to Dusk
      Then Sam may not use Dusk for generation
      And Sam may not use Dusk for download

    Scenario: Buying one model version opens no other
      Given early access to Noon costs 80 credits for generation
      And Ann has bought generation access to Noon
      When Ann generates an image with Dusk
      Then that is refused with purchase-required

    Scenario: Generation does not open download
      Given Ann has bought generation access to Dusk
      When Ann downloads Dusk
      Then that is refused with download-not-purchased

    Scenario: Whoever bought download may generate, too
      Given Ann has bought download access to Dusk
      When Ann downloads Dusk
      Then that is accepted
      And Ann may use Dusk for generation

    Scenario: Download alone, where generation is not sold, still brings the file
      Given early access to Noon costs 80 credits for download
      And Ann has bought download access to Noon
      When Ann downloads Noon
      Then that is accepted
      And Ann may use Noon for download

  Rule: For nobody else

    Scenario: A credential is good for its buyer only
      Given Ann has bought generation access to Dusk
      And Sam has 900 credits
      When Sam generates with Dusk using the credential of Ann
      Then that is refused with credential-foreign

    Scenario: The owner needs no purchase
      Given the early-access model version Noon
        | owner      | Ann        |
        | generation | 80 credits |
      When Ann generates an image with Noon
      Then that is accepted
      And Ann gets an image

    Scenario: A moderator needs no purchase
      Given Mo is a moderator
      Then Mo may use Dusk for generation
      And Mo may use Dusk for download

    Scenario: Somebody else's purchase cannot be seen
      Given Ann has bought generation access to Dusk
      And Sam is a member
      When Sam looks at the purchase of Ann
      Then that is refused with not-found

  Rule: For as long as it was sold for

    Scenario: Bought access lasts until early access ends, and then everybody has it
      Given Ann has bought generation access to Dusk
      And Sam has 100 credits
      When early access to Dusk is about to end
      Then Ann may use Dusk for generation
      And Sam may not use Dusk for generation
      When early access to Dusk has ended
      Then Sam may use Dusk for generation

    Scenario: Access for some days ends after these days
      Given the early-access model version Noon
        | generation   | 80 credits |
        | ends in      | 30 days    |
        | access lasts | 3 days     |
      And Ann has bought generation access to Noon
      When 2 days pass
      Then Ann may use Noon for generation
      When 1 day passes
      Then Ann may not use Noon for generation
      When Ann generates at once with Noon
      Then that is refused with access-expired

    Scenario: The owner ends early access for everybody
      Given Sam has 100 credits
      When the owner of Dusk ends early access
      Then Sam may use Dusk for generation

    Scenario: Whoever was let in stays in, without being looked up again
      When Ann buys generation access to Dusk
      And that was accepted
      Then Ann may use Dusk for generation
      When Ann opens Dusk
      And Ann generates at once with Dusk
      Then Ann gets an image

@containers @serial
Feature: A machine is out of order for a while
  Who comes meanwhile is told "temporarily" and loses nothing; who has paid has what they paid for as soon as it is back. These
  scenarios have the platform to themselves, and need it in containers.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario Outline: billing is <out of order> while Ann wants to buy
    When billing is <out of order>
    And Ann buys generation access to Dusk
    Then that is refused with billing-unavailable
    When billing is back
    And Ann buys generation access to Dusk
    Then Ann may use Dusk for generation
    And Ann has paid 120 credits

    Examples:
      | out of order |
      | stopped      |
      | paused       |

  Scenario: entitlement hangs while Ann generates
    Given Ann has bought generation access to Dusk
    When entitlement is paused
    And Ann generates at once with Dusk
    Then that is refused with entitlement-unavailable
    When entitlement is back
    And Ann generates an image with Dusk
    Then Ann gets an image
    And Ann has paid 125 credits

  Scenario Outline: <service> is restarted, and nothing is forgotten
    Given Ann has bought generation access to Dusk
    When the <service> is restarted
    Then Ann may use Dusk for generation
    And Ann has paid 120 credits
    When Ann generates an image with Dusk
    Then Ann gets an image

    Examples:
      | service    |
      | storefront |
      | generation |
      | database   |

  Scenario: The database dies, and remembers what was acknowledged
    Given Ann has bought generation access to Dusk
    When the database is killed
    And the database is back
    Then Ann may use Dusk for generation
    And Ann has paid 120 credits
    And no money was made or lost
    When Ann generates an image with Dusk
    Then Ann gets an image

  Scenario: billing alone loses its connection to the database
    Given early access to Noon costs 80 credits for generation
    And Ann has bought generation access to Noon
    And billing cannot reach the database
    When Ann buys generation access to Dusk
    Then that is refused with billing-unavailable
    And Ann may use Noon for generation
    When all faults and outages are over
    And Ann buys generation access to Dusk
    Then Ann may use Dusk for generation
    And Ann has paid 200 credits

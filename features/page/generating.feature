@page
Feature: What a member sees while they generate
  Every state of the panel is there in words, every press is answered, and every refusal is explained: also one that nobody
  has thought of yet.

  Rule: Everybody can use it

    Scenario: Tools for people who cannot see the page understand it, also when something went wrong
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation
      And Ann has bought generation access to Dusk
      When Ann opens the page of Dusk
      Then the page is accessible
      When Ann presses "Generate"
      Then Ann sees "Say what shall be in the image."
      And the page is accessible
      When Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      And the page has become "done"
      Then the page is accessible

  Rule: Every state has its words

    Scenario: A visitor is told to sign in
      Given early access to Dusk costs 120 credits for generation
      And Ann is a member
      When Ann signs out
      And Ann opens the page of Dusk
      Then the page becomes "signed out"
      When Ann presses "Sign in"
      And Ann presses "Continue"
      Then Ann sees "Enter your session token."
      And nothing fails silently

    Scenario: What has to be bought first is said, also to who presses all the same
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation
      When Ann opens the page of Dusk
      Then the page becomes "purchase needed"
      When Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then the page explains purchase-required

    Scenario: From nothing to the images
      Given Ann has 100 credits
      And Dusk is public
      When Ann opens the page of Dusk
      Then the page becomes "ready"
      And the page becomes "idle"
      When Ann presses "Generate"
      Then Ann sees "Say what shall be in the image."
      And nothing fails silently
      When Ann types "A lighthouse" into "Prompt"
      And Ann types "2" into "Quantity"
      And Ann presses "Generate"
      Then the page becomes "done"
      And Ann sees 2 images
      And what was chosen is what was submitted

    Scenario Outline: Until a job is done, the page says where it stands: <state>
      Given Ann has 100 credits
      And Dusk is public
      And the fault '<fault>'
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then the page becomes "<state>"
      When every fault has fired
      And all faults and outages are over
      Then the page becomes "done"

      Examples:
        | state      | fault                                                                              |
        | submitting | member -> storefront POST /v1/jobs: hold                                           |
        | queued     | storefront -> generation GET /v1/jobs: set response /jobs/0/status to "unassigned" |
        | processing | generation -> worker: hold                                                         |

    Scenario: A job that failed says why, and that nothing was lost
      Given Ann has 100 credits
      And Dusk is public
      And generation cannot reach worker
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then the page becomes "failed"
      And the page explains worker-unavailable
      And Ann has 100 credits left

    Scenario: A job that has ended meanwhile cannot be canceled, and that stays to be read
      Given Ann has 100 credits
      And Dusk is public
      And the fault 'storefront -> generation GET /v1/jobs: set response /jobs/0/status to "unassigned"'
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then the page becomes "queued"
      When Ann presses "Cancel"
      Then the page explains job-finished
      When every fault has fired
      And all faults and outages are over
      Then the page becomes "done"
      And Ann sees "It is too late to cancel this job."

    Scenario: While access cannot be checked, nobody is told to buy
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation
      And Ann has bought generation access to Dusk
      And storefront cannot reach entitlement
      When Ann opens the page of Dusk
      Then the page becomes "temporarily down"
      And the page explains entitlement-unavailable
      And Ann does not see "You need early access"

    Scenario: Generation is paused, and the page says so before anybody presses
      Given Ann has 100 credits
      And Dusk is public
      And the fault "storefront -> flags POST /ofrep/v1/evaluate/flags/generation: set response /value to false"
      When Ann opens the page of Dusk
      Then the page becomes "paused"

  Rule: What is chosen is submitted, once, with what was bought

    Background:
      Given Ann has 500 credits
      And early access to Dusk costs 120 credits for generation

    Scenario: Two models, both chosen, both submitted
      Given Dawn is public
      And Ann has bought generation access to Dusk
      When Ann opens the page of Dawn
      And Ann types the id of Dusk into "Another model version"
      And Ann presses "Add"
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then the page becomes "done"
      And what was chosen is what was submitted

    Scenario: A double-click makes one job
      Given the fault "member -> storefront POST /v1/jobs: hold"
      And Ann has bought generation access to Dusk
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann double-clicks "Generate"
      And every fault has fired
      And all faults and outages are over
      And the page has become "done"
      Then that had one effect
      And Ann sees 1 image

    Scenario: A press while the platform wants to be left alone waits, and keeps its key
      Given Ann has bought generation access to Dusk
      And the fault "member -> storefront POST /v1/jobs: set response header Retry-After to 1 once"
      And the fault "member -> storefront POST /v1/jobs: abort 503 once"
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      And Ann presses "Generate"
      Then the page becomes "done"
      And the retry had the same key and was not too early

  Rule: Every refusal is explained

    Background:
      Given Ann has 500 credits
      And Dusk is public

    @allow(G4: the refusals are made up)
    Scenario: Who may not generate is told why
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      Then pressing "Generate" explains each refusal of "POST /v1/jobs"
        | forbidden              |
        | purchase-required      |
        | download-not-purchased |
        | access-expired         |
        | access-revoked         |
        | credential-invalid     |
        | credential-foreign     |
        | trial-exhausted        |
        | insufficient-funds     |
        | signed-out             |
        | session-expired        |

    Scenario: What went wrong with the request is told
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      Then pressing "Generate" explains each refusal of "POST /v1/jobs"
        | not-found               |
        | method-not-allowed      |
        | invalid-request         |
        | malformed-body          |
        | body-too-large          |
        | idempotency-key-missing |
        | idempotency-key-reused  |
        | not-published           |

    Scenario: What will pass is told as passing
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      Then pressing "Generate" explains each refusal of "POST /v1/jobs"
        | queue-full              |
        | generation-paused       |
        | billing-unavailable     |
        | entitlement-unavailable |
        | generation-unavailable  |
        | worker-unavailable      |
        | internal                |

    Scenario: A job that is being worked on already is asked for again, and told of when that does not help
      Given "POST /v1/jobs" is refused with request-in-progress
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then the page explains request-in-progress

    Scenario: A refusal that nobody has heard of is explained all the same
      Given "POST /v1/jobs" is refused with moon-in-the-way
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then Ann sees "Something went wrong"
      And nothing fails silently

    Scenario Outline: An answer that makes no sense: <fault>
      Given the fault "member -> storefront POST /v1/jobs: <fault>"
      When Ann opens the page of Dusk
      And Ann types "A lighthouse" into "Prompt"
      And Ann presses "Generate"
      Then Ann sees "<says>"
      And nothing fails silently

      Examples:
        | fault                  | says                          |
        | abort 502 as html      | The answer could not be read. |
        | respond with html once | The answer could not be read. |
        | drop                   | There was no answer.          |

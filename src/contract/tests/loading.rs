use super::super::Contract;

const SOUND: &str = "\
openapi: 3.1.0
paths:
  /a/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
      responses:
        '200': {$ref: '#/components/responses/Ok'}
        default: {description: whatever}
components:
  responses:
    Ok: {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
  schemas:
    Id: {type: string, pattern: '^[a-z]+$'}
    Thing: {type: object, properties: {next: {$ref: '#/components/schemas/Thing'}}}
";

#[test]
fn yaml_and_json_and_3_0_are_read() {
    Contract::load("a.yaml", SOUND).unwrap();
    Contract::load("a.yaml", &SOUND.replace("3.1.0", "3.0.3")).unwrap();
    Contract::load(
        "a.json",
        r#"{"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"description": ""}}}}}}"#,
    )
    .unwrap();
    // Statuses are mostly written in quotes, and sometimes not.
    Contract::load("a.yaml", &SOUND.replace("'200'", "200")).unwrap();
}

#[test]
fn what_is_not_sound_is_refused_at_its_place() {
    let mistakes = [
        ("openapi: 3.1.0", "openapi: 4.0.0", "a.yaml:1:1", "only 3.0 and 3.1 are"),
        ("openapi: 3.1.0", "swagger: '2.0'", "a.yaml:1:1", "this is Swagger 2.0"),
        ("openapi: 3.1.0", "name: x", "a.yaml:", "no OpenAPI document"),
        ("/a/{id}", "/a/{id", "a.yaml:3:3", "the braces of `/a/{id` do not match"),
        ("/a/{id}", "a", "a.yaml:", "is not a path"),
        ("schemas/Id'", "schemas/Di'", "a.yaml:6:", "`#/components/schemas/Di` leads nowhere"),
        ("'#/components/schemas/Id'", "'https://example.org/id.json'", "a.yaml:6:", "leaves the document"),
        ("'#/components/schemas/Id'", "'other.yaml#/Id'", "a.yaml:6:", "nothing is fetched"),
        ("'#/components/schemas/Id'", "'#/paths/~1a~1{id}/get/parameters/0/schema'", "a.yaml:", "round in circles"),
        ("'^[a-z]+$'", "'^[a-z'", "a.yaml:14:", "this schema cannot be used"),
        ("{type: string, pattern", "{type: text, pattern", "a.yaml:14:", "this schema cannot be used"),
        ("'200'", "'2000'", "a.yaml:8:", "`2000` is no status"),
        ("in: path", "in: body", "a.yaml:5:", "path, query, header or cookie"),
        ("paths:", "pahts:", "a.yaml:", "has no `paths`"),
        ("components:", "components: [", "a.yaml:", ""),
        ("paths:", "security: [{door: []}]\npaths:", "a.yaml:2:1", "there is no `door` in components.securitySchemes"),
        (
            "components:",
            "security: [{door: []}]\ncomponents:\n  securitySchemes: {door: {type: apiKey, in: path, name: x}}",
            "a.yaml:",
            "an `apiKey` has a `name` and is `in` query, header or cookie",
        ),
    ];
    for (right, wrong, place, message) in mistakes {
        let text = SOUND.replacen(right, wrong, 1);
        assert_ne!(text, SOUND, "{right}");
        let error = Contract::load("a.yaml", &text).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.contains(message), "{wrong}: {error}");
    }
}

#[test]
fn what_only_looks_like_a_reference_is_left_alone() {
    let example = SOUND.replace("Thing: {type: object", "Thing: {type: object, example: {$ref: 'https://example.org'}");
    Contract::load("a.yaml", &example).unwrap();
}

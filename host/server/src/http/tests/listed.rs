//! The list of routes, the router and the document that describes them agree.

use super::*;

#[tokio::test]
async fn every_route_is_listed_and_every_listed_route_is_there() {
    let world = World::new();
    let all = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
    ];
    for (_, path) in ROUTES {
        for method in &all {
            let listed = ROUTES.contains(&(method.as_str(), path));
            let request = asked(method.clone(), &filled(path), AGENT);
            let answered = world.send(request.body(Body::empty()).unwrap()).await;
            if listed {
                assert_ne!(answered.status, 405, "{method} {path}");
                assert!(!answered.text.contains("nothing is at"), "{method} {path}");
            } else {
                assert_eq!(answered.status, 405, "{method} {path}: {}", answered.text);
                assert_ne!(answered.header(header::ALLOW), "", "{method} {path}");
            }
        }
    }
    let unknown = world.get("/nothing/here", AGENT).await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "not_found")
    );
    let wrong = world.post("/healthz", "", "").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "bad_input"));
    assert_eq!(wrong.header(header::ALLOW), "GET,HEAD");
}

#[test]
fn the_openapi_document_names_every_route_of_the_api_and_no_other() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    // MCP describes itself, and the page is for people.
    let mut served: Vec<(String, String)> = ROUTES
        .iter()
        .filter(|(_, path)| !path.starts_with("/page") && !["/", "/mcp"].contains(path))
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    described.sort();
    served.sort();
    assert_eq!(described, served);
}

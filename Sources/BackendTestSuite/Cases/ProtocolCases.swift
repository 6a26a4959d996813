import FlowCore
import FlowJSON

extension BackendTestSuite {
    private static let json = [("Content-Type", "application/json"), ("Accept", "application/json")]

    /// Posts what is no request, which has to be refused, after which the backend has to be alive.
    private static func refused(_ trial: Trial, _ path: String, _ body: String, _ what: String) async throws {
        let answer = try await trial.wire.send("POST", path, json, body: Array(body.utf8))
        try answer.expect(
            (400..<500).contains(answer.status), "a status from 400 to 499, since the body is \(what)")
        try await trial.expectAlive("a body that is \(what)")
    }

    /// HTTP itself, and what is no request of the protocol.
    static let protocolCases: [ConformanceCase] = [
        ConformanceCase(
            .l0, "http", "unknown-path", "an unknown path is answered with 404",
            why: "It tells a wrong URL of a registration from a backend that is down."
        ) { trial in
            let answer = try await trial.wire.get("/conformance-no-such-path")
            try answer.expect(answer.status == 404, "status 404")
        },
        ConformanceCase(
            .l0, "http", "wrong-method", "GET of /nodes/execute is refused and executes nothing",
            why: "Crawlers and browsers send GET."
        ) { trial in
            let answer = try await trial.wire.get("/nodes/execute")
            try answer.expect((400..<500).contains(answer.status), "a status from 400 to 499, such as 405")
        },
        ConformanceCase(
            .l0, "http", "head", "HEAD of the base URL has no body, or is refused",
            why: "A body where none may be is read as the beginning of the next answer."
        ) { trial in
            let answer = try await trial.wire.send("HEAD", "")
            try answer.expect(
                [200, 204, 501].contains(answer.status) || (400..<500).contains(answer.status),
                "status 200, or 405 or 501 when HEAD is not served")
            try answer.expect(answer.body.isEmpty, "no body")
            try await trial.expectAlive("a HEAD")
        },
        ConformanceCase(
            .l0, "http", "framing", "answers that follow each other on one connection do not run into each other",
            why: "Connections are used again; a wrong Content-Length garbles the answer behind it."
        ) { trial in
            for path in ["", "/capabilities", "/health", "/conformance-no-such-path", "", "/capabilities"] {
                let answer = try await trial.wire.get(path)
                try answer.expect(answer.status == (path.hasSuffix("path") ? 404 : 200), "its own status")
                guard answer.status == 200 else { continue }
                let marker = ["": "name", "/capabilities": "streaming", "/health": "healthy"][path] ?? ""
                try answer.expect(answer.json?[marker] != nil, "its own body, with \"\(marker)\"")
            }
        },
        ConformanceCase(
            .l0, "errors", "malformed-json", "a body that is no JSON is refused with 4xx",
            why: "A garbled request is the sender's fault; with 5xx it would be sent again and again."
        ) { trial in
            try await refused(trial, "/nodes/execute", "{\"node\": {\"node_id\": ", "cut off in the middle")
        },
        ConformanceCase(
            .l0, "errors", "not-an-object", "a body that is an array is refused with 4xx",
            why: "It is JSON, and still no request."
        ) { trial in try await refused(trial, "/nodes/execute", "[1, 2, 3]", "an array") },
        ConformanceCase(
            .l0, "errors", "no-node", "a body without a node is refused with 4xx",
            why: "There is nothing to execute."
        ) { trial in
            try await refused(
                trial, "/nodes/execute", "{\"workflow_context\": {\"workflow_id\": \"x\"}}", "without a node")
        },
        ConformanceCase(
            .l0, "errors", "empty-body", "an empty body is refused with 4xx",
            why: "Proxies lose bodies."
        ) { trial in try await refused(trial, "/nodes/execute", "", "empty") },
        ConformanceCase(
            .l0, "errors", "node-no-object", "a node that is a text is refused with 4xx",
            why: "What a backend reads of the node must not bring it down."
        ) { trial in
            try await refused(
                trial, "/nodes/execute", "{\"node\": \"x\", \"workflow_context\": {\"workflow_id\": \"x\"}}",
                "one whose node is a text")
        },
        ConformanceCase(
            .l0, "errors", "validate-garbage", "a body that is no JSON is refused by /nodes/validate as well",
            why: "Both paths read what comes from outside."
        ) { trial in try await refused(trial, "/nodes/validate", "not json", "no JSON") },
    ]
}

import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// What a backend says of itself.
    static let descriptionCases: [ConformanceCase] = [
        ConformanceCase(
            .l0, "description", "answers", "GET of the base URL answers with a JSON object that has a name",
            why: "Registration begins with it; without a name nobody can tell which service answered."
        ) { trial in
            let answer = try await trial.wire.get("")
            let object = try answer.object("a description")
            try answer.expect(object["name"]?.string?.isEmpty == false, "\"name\" is a text that is not empty")
        },
        ConformanceCase(
            .l0, "description", "node-types", "node_types lists the node types, each once",
            why: "Workflows are checked against it, and /node-types shows it to authors."
        ) { trial in
            let answer = try await trial.wire.get("")
            let types = try answer.object("a description")["node_types"]?.array ?? []
            let names = types.compactMap { $0.string.flatMap { $0.isEmpty ? nil : $0 } }
            try answer.expect(!names.isEmpty, "\"node_types\" is an array with at least one text")
            try answer.expect(names.count == types.count, "\"node_types\" holds nothing but texts that are not empty")
            try answer.expect(Set(names).count == names.count, "\"node_types\" names no type twice")
        },
        ConformanceCase(
            .l0, "description", "details", "node_type_details, if given, describe types that there are",
            why: "Editors make forms of the schemas; one of an unknown type, or none at all, breaks them."
        ) { trial in
            let answer = try await trial.wire.get("")
            let object = try answer.object("a description")
            guard let details = object["node_type_details"] else {
                throw ConformanceSkip(reason: "the description has no \"node_type_details\", which are optional")
            }
            try answer.expect(details.array != nil, "\"node_type_details\" is an array")
            let types = object["node_types"]?.array ?? []
            for element in details.array ?? [] {
                try answer.expect(
                    element["type"].map { types.contains($0) } ?? false, "each detail has a \"type\" out of node_types")
                try answer.expect(
                    element["config_schema"]?.object != nil, "each detail has a \"config_schema\" that is an object")
            }
        },
        ConformanceCase(
            .l0, "description", "contract", "contract, if given, holds promises of the right kinds",
            why: "The engine bounds its work by them; a text where a number belongs bounds nothing."
        ) { trial in
            let answer = try await trial.wire.get("")
            let object = try answer.object("a description")
            guard let contract = object["contract"] else {
                throw ConformanceSkip(reason: "the description has no \"contract\", which is optional")
            }
            try answer.expect(contract.object != nil, "\"contract\" is an object")
            for name in ["max_payload_bytes", "max_parallel"] where contract[name] != nil {
                try answer.expect((contract[name]?.integer ?? 0) > 0, "\"contract.\(name)\" is a number above 0")
            }
            if let time = contract["time_to_cancel"] {
                try answer.expect(
                    DurationText.parse(time) != nil, "\"contract.time_to_cancel\" is a duration such as \"5s\"")
            }
        },
        ConformanceCase(
            .l0, "description", "samples", "samples, if given, are well formed and of types that there are",
            why: "Everything else is tried with them."
        ) { trial in
            let answer = try await trial.wire.get("")
            let object = try answer.object("a description")
            let issues = trial.bench.sampleIssues.map(\.description).joined(separator: "; ")
            try answer.expect(issues.isEmpty, "\"samples\" can be read, but \(issues)")
            guard let samples = object["samples"]?.object else {
                try answer.expect(object["samples"] == nil, "\"samples\" is an object")
                throw ConformanceSkip(
                    reason: "the description has no \"samples\"; the suite goes by its own or by those given")
            }
            let types = object["node_types"]?.array ?? []
            for member in samples.members {
                try answer.expect(
                    member.value["type"].map { types.contains($0) } ?? false,
                    "the sample \"\(member.name)\" has a \"type\" out of node_types")
            }
        },
        ConformanceCase(
            .l0, "description", "stable", "two reads of the description say the same",
            why: "What a workflow was accepted for has to be there when it runs."
        ) { trial in
            let first = try await trial.wire.get("").object("a description")
            let answer = try await trial.wire.get("")
            let second = try answer.object("a description")
            for name in ["name", "version", "node_types", "node_type_details", "contract", "samples"] {
                try answer.expect(
                    first[name] == second[name], "\"\(name)\" as before: \(first[name]?.description ?? "absent")")
            }
        },
        ConformanceCase(
            .l0, "capabilities", "booleans", "GET /capabilities answers with a flat object of booleans",
            why: "A client asks \"can it stream?\" and needs yes or no; \"yes\" as a text is neither."
        ) { trial in
            let answer = try await trial.wire.get("/capabilities")
            for member in try answer.object("capabilities").members {
                try answer.expect(member.value.bool != nil, "\"\(member.name)\" is true or false")
            }
        },
        ConformanceCase(
            .l0, "capabilities", "standard", "the capabilities state streaming, parallel, async and distributed",
            why: "Runs may require any of the four; one that is not stated cannot be told from one that was forgotten."
        ) { trial in
            let answer = try await trial.wire.get("/capabilities")
            let object = try answer.object("capabilities")
            for name in BackendCapabilities.standard {
                try answer.expect(object[name] != nil, "\"\(name)\" is stated")
            }
        },
        ConformanceCase(
            .l0, "capabilities", "stable", "two reads of the capabilities say the same",
            why: "Runs are routed by them."
        ) { trial in
            let first = try await trial.wire.get("/capabilities").object("capabilities")
            let answer = try await trial.wire.get("/capabilities")
            try answer.expect(
                try answer.object("capabilities") == first, "the same as before: \(JSONValue.object(first))")
        },
        ConformanceCase(
            .l0, "health", "healthy", "GET /health of a backend that works answers with status 200 and healthy: true",
            why: "`auto` sends no run to a backend that does not say that it is healthy."
        ) { trial in
            let answer = try await trial.wire.get("/health")
            try answer.expect(try answer.object("a health report")["healthy"] == true, "\"healthy\": true")
        },
    ]
}

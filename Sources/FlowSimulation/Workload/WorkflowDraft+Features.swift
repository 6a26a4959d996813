import FlowCore
import FlowJSON

/// What is laid over a shape. Each feature is left out of most workflows, so that what they have stays small.
extension WorkflowDraft {
    mutating func addWork(_ generator: inout SeededGenerator) {
        let purePercent = generator.pick([0, 0, 30, 100]) ?? 0
        let slowest = generator.pick([0, 5, 50, 2000]) ?? 0
        for index in nodes.indices {
            nodes[index].behaviour.salt = generator.number(0...9999)
            if generator.chance(purePercent) {
                nodes[index].type = NodeBehaviour.pureType
            } else {
                nodes[index].behaviour.work = generator.number(0...slowest)
                nodes[index].behaviour.isStubborn = generator.chance(10)
                if generator.chance(10) { nodes[index].behaviour.chunks = generator.number(1...3) }
            }
        }
    }

    mutating func addFailures(_ generator: inout SeededGenerator) {
        guard generator.chance(25) else { return }
        for index in nodes.indices where generator.chance(25) {
            nodes[index].behaviour.failure = generator.pick(["failed", "invalid", "mischief"])
            nodes[index].behaviour.isRetriable = generator.chance(50)
        }
    }

    mutating func addTimeouts(_ generator: inout SeededGenerator) {
        guard generator.chance(25) else { return }
        for index in nodes.indices where generator.chance(40) {
            nodes[index].fields["timeout"] = .string("\(generator.number(1...1000))ms")
        }
    }

    mutating func addRetries(_ generator: inout SeededGenerator) {
        guard generator.chance(40) else { return }
        for index in nodes.indices where generator.chance(40) {
            let most = generator.number(2...4)
            nodes[index].fields["retry"] = [
                "max_attempts": .integer(Int64(most)), "initial_delay": .string("\(generator.number(0...200))ms"),
                "multiplier": .integer(Int64(generator.number(1...3))),
            ]
            // It succeeds within the attempts that it is given, however many are lost beside them.
            if nodes[index].behaviour.failure == nil, generator.chance(60) {
                nodes[index].behaviour.flakyAttempts = generator.number(1...most - 1)
            }
        }
    }

    mutating func addErrorPolicies(_ generator: inout SeededGenerator) {
        guard generator.chance(40) else { return }
        for index in nodes.indices where generator.chance(30) {
            var fallback = NodeBehaviour()
            fallback.salt = generator.number(0...9999)
            fallback.work = generator.number(0...20)
            let policies: [JSONValue] = [
                "continue", ["continue_with": ["value": .integer(Int64(generator.number(0...9)))]],
                ["fallback": ["type": .string(NodeBehaviour.workType), "config": .object(fallback.config)]],
            ]
            nodes[index].fields["on_error"] = generator.pick(policies)
        }
    }

    /// Nodes that run under a condition, joins that need all, and nodes that choose who comes next.
    mutating func addConditions(_ generator: inout SeededGenerator) {
        guard generator.chance(35) else { return }
        for index in nodes.indices {
            let before = predecessors(of: index)
            if generator.chance(25) {
                nodes[index].fields["when"] = .string(condition(on: before, &generator))
            }
            if before.count > 1, generator.chance(30) { nodes[index].fields["join"] = "all" }
        }
        for index in nodes.indices where generator.chance(15) {
            let targets =
                isSequence
                ? Array(nodes.indices.dropFirst(index + 1))
                : nodes.indices.filter { predecessors(of: $0).contains(index) }
            guard !targets.isEmpty else { continue }
            var routes: [JSONValue] = []
            for target in targets.prefix(generator.number(1...3)) {
                let when = JSONValue.string(condition(on: predecessors(of: index), &generator))
                routes.append(["when": when, "to": .string(nodes[target].id)])
            }
            if generator.chance(50), let target = generator.pick(targets) {
                routes.append(["to": .string(nodes[target].id)])
            }
            makeControl(index, "condition", ["routes": .array(routes)])
        }
    }

    private func condition(on before: [Int], _ generator: inout SeededGenerator) -> String {
        let divisor = generator.number(2...3)
        let rest = generator.number(0...divisor - 1)
        guard let place = before.first(where: { nodes[$0].makesValue }), generator.chance(60) else {
            return "input.value % \(divisor) == \(rest)"
        }
        let node = "nodes.\(nodes[place].id)"
        return "\(node).status == \"completed\" && \(node).output.value % \(divisor) == \(rest)"
    }

    /// Nodes that run others again and again; those within another's body run over few items.
    mutating func addBodies(
        of definitions: [DefinitionName], depth: Int = 0, _ generator: inout SeededGenerator
    ) {
        guard generator.chance(30) else { return }
        for index in nodes.indices where nodes[index].control == nil && generator.chance(30) {
            var body = Self.body(of: definitions, depth: depth, &generator)
            let isLoop = generator.chance(40)
            if !isLoop, generator.chance(30), body.nodes.count > 1 {
                body.nodes[1].fields["when"] = .string("index % 2 == \(generator.number(0...1))")
            }
            var config: JSONObject = ["nodes": .array(body.json)]
            if isLoop {
                config["max_iterations"] = .integer(Int64(generator.number(1...(depth > 0 ? 2 : 4))))
                if generator.chance(50) { config["until"] = .string("item.value % 2 == 0") }
                if generator.chance(40) { config["while"] = .string("index < \(generator.number(0...3))") }
                // What an iteration makes has to be something that conditions can tell of.
                for place in body.nodes.indices where body.nodes[place].fields["on_error"] == "continue" {
                    body.nodes[place].fields["on_error"] = ["continue_with": ["value": 1]]
                }
                config["nodes"] = .array(body.json)
            } else {
                config["items"] = depth == 0 && generator.chance(60) ? "${input.items}" : [["value": 4], ["value": 7]]
                if generator.chance(40) { config["max_parallel"] = .integer(Int64(generator.number(1...2))) }
                let policies: [JSONValue] = ["fail", "continue", ["continue_with": ["value": 0]]]
                if generator.chance(50) { config["on_item_error"] = generator.pick(policies) }
            }
            makeControl(index, isLoop ? "loop" : "for_each", config)
        }
    }

    /// Nodes that run stored definitions.
    mutating func addChildren(of definitions: [DefinitionName], _ generator: inout SeededGenerator) {
        guard !definitions.isEmpty else { return }
        for index in nodes.indices where nodes[index].control == nil && generator.chance(30) {
            guard let name = generator.pick(definitions) else { continue }
            let retry = nodes[index].fields["retry"]
            let reference = generator.chance(50) ? "\(name)" : "\(DefinitionID(name, version: 1))"
            makeControl(index, "workflow", ["definition": .string(reference)])
            guard var policy = retry?.object else { continue }
            if generator.chance(60) { policy["retry_on"] = ["child_failed"] }
            nodes[index].fields["retry"] = .object(policy)
        }
    }

    mutating func addQuestions(_ generator: inout SeededGenerator) {
        guard generator.chance(25) else { return }
        for index in nodes.indices where nodes[index].control == nil && generator.chance(25) {
            if generator.chance(40), nodes[index].type == NodeBehaviour.workType {
                nodes[index].behaviour.asks = true
                nodes[index].behaviour.failure = nil
                nodes[index].behaviour.flakyAttempts = 0
                continue
            }
            var config: JSONObject = ["prompt": "go on?"]
            if generator.chance(50) { config["default"] = ["value": .integer(Int64(generator.number(0...9)))] }
            makeControl(index, "approval", config)
        }
    }

    mutating func addBackends(_ generator: inout SeededGenerator) {
        guard generator.chance(15) else { return }
        for index in nodes.indices where nodes[index].control == nil && generator.chance(40) {
            nodes[index].fields["backend"] = .string(SimulatedServer.other.rawValue)
        }
    }

    /// Has the engine carry a node out, and takes away what such a node cannot have.
    private mutating func makeControl(_ index: Int, _ type: String, _ config: JSONObject) {
        nodes[index].type = type
        nodes[index].control = config
        for name in ["retry", "backend", "total_timeout"] { nodes[index].fields[name] = nil }
        if type == "condition" { nodes[index].fields["timeout"] = nil }
    }
}

import FlowCore
import FlowJSON
import Testing

@Suite("the workflow language", .timeLimit(.minutes(1)))
struct ControlFlowTests {
    static func statuses(_ harness: PlannerHarness) -> [String: String] {
        Dictionary(uniqueKeysWithValues: harness.planner.context.nodes.map { ($0.id.rawValue, $0.status.rawValue) })
    }

    @Test("a node whose condition is false is skipped, and with it what only follows from it")
    func when() throws {
        var harness = try PlannerHarness(
            [
                "name": "w",
                "nodes": [
                    ["node_id": "a", "type": "echo", "depends_on": []],
                    ["node_id": "b", "type": "echo", "depends_on": ["a"], "when": "input.total > 1000.0"],
                    ["node_id": "c", "type": "echo", "depends_on": ["b"]],
                    ["node_id": "d", "type": "echo", "depends_on": ["a", "b"]],
                    ["node_id": "e", "type": "echo", "depends_on": ["a", "b"], "join": "all"],
                ],
            ], input: ["total": 5])
        harness.run()
        let context = harness.planner.context
        #expect(context.status == .completed)
        #expect(
            Self.statuses(harness)
                == ["a": "completed", "b": "skipped", "c": "skipped", "d": "completed", "e": "skipped"])
        // Nodes that were skipped have no output.
        #expect(context["d"]?.inputData == ["a": ["total": 5]])
        #expect(context.output == ["d": ["a": ["total": 5]]])
    }

    @Test("a sequence passes over what is skipped")
    func sequence() throws {
        var harness = try PlannerHarness(
            [
                "name": "w",
                "nodes": [
                    ["node_id": "a", "type": "set", "config": ["value": 1]],
                    ["node_id": "b", "type": "set", "config": ["value": 2], "when": "false"],
                    ["node_id": "c", "type": "echo"],
                    ["node_id": "d", "type": "echo", "when": "nodes.b.status == 'completed'"],
                ],
            ])
        harness.run()
        #expect(harness.planner.context.output == 1 && harness.planner.context["c"]?.inputData == 1)
    }

    @Test(
        "a condition takes the first route that holds, and the other targets are skipped",
        arguments: [
            (1, "small"), (50, "medium"), (5000, "large"),
        ])
    func routes(total: Int64, target: String) throws {
        var harness = try PlannerHarness(
            [
                "name": "w",
                "nodes": [
                    ["node_id": "a", "type": "echo", "depends_on": []],
                    [
                        "node_id": "choose", "type": "condition", "depends_on": ["a"],
                        "config": [
                            "routes": [
                                ["when": "nodes.a.output.total < 10", "to": "small"],
                                ["when": "nodes.a.output.total < 100", "to": "medium"], ["to": "large"],
                            ]
                        ],
                    ],
                    ["node_id": "small", "type": "echo", "depends_on": ["choose"]],
                    ["node_id": "medium", "type": "echo", "depends_on": ["choose"]],
                    ["node_id": "large", "type": "echo", "depends_on": ["choose"]],
                    ["node_id": "end", "type": "echo", "depends_on": ["small", "medium", "large"]],
                ],
            ], input: ["total": .integer(total)])
        harness.run()
        let context = harness.planner.context
        #expect(context.status == .completed)
        for name in ["small", "medium", "large"] {
            #expect(context[NodeID(name)]?.status == (name == target ? .completed : .skipped))
        }
        #expect(context.output == [target: ["total": .integer(total)]])
        #expect(context["choose"]?.notes?.next == NodeID(target))
    }

    @Test("a node's result names the next node: those between are skipped")
    func next() throws {
        var harness = try PlannerHarness(
            [
                "name": "w",
                "nodes": [
                    ["node_id": "a", "type": "echo"], ["node_id": "b", "type": "echo"],
                    ["node_id": "c", "type": "echo"],
                ],
            ])
        harness.result = { id, _, input in
            .success(output: input, notes: id == "a" ? CompletionNotes(next: "c", metadata: ["cost": 1]) : nil)
        }
        harness.run()
        #expect(Self.statuses(harness) == ["a": "completed", "b": "skipped", "c": "completed"])
        #expect(harness.planner.refusal(ofNext: "a", after: "b") != nil)
        #expect(harness.planner.refusal(ofNext: "x", after: "a") != nil)
    }

    static let forEach: JSONValue = [
        "name": "w",
        "nodes": [
            [
                "node_id": "each", "type": "for_each",
                "config": [
                    "items": "${input.items}", "max_parallel": 2, "output": "${nodes.last.output + index}",
                    "nodes": [
                        ["node_id": "first", "type": "set", "config": ["value": "${item * 10}"]],
                        ["node_id": "last", "type": "echo"],
                    ],
                ],
            ],
            ["node_id": "sum", "type": "set", "config": ["value": "${nodes.each.output}"]],
        ],
        "output": ["all": "${nodes.sum.output}"],
    ]

    @Test("for_each gives its results in the order of its items, whatever order they come in", arguments: 1...20)
    func items(seed: UInt64) throws {
        var harness = try PlannerHarness(Self.forEach, input: ["items": [1, 2, 3, 4, 5]], seed: seed)
        var most = 0
        while harness.step() { most = max(most, harness.running.count) }
        #expect(harness.planner.context.output == ["all": [10, 21, 32, 43, 54]])
        #expect(most == 2)
        #expect(harness.planner.context["each[3].first"]?.outputData == 40)
        #expect(harness.planner.context["each[3].first"]?.inputData == 4)
    }

    @Test("a crash between any two events changes nothing of what comes out", arguments: 1...30)
    func crashes(seed: UInt64) throws {
        var harness = try PlannerHarness(Self.forEach, input: ["items": [1, 2, 3]], seed: seed)
        var steps = 0
        while harness.step() {
            steps += 1
            if steps % Int(seed + 2) == 0 { harness.crash() }
            if steps > 2000 { break }
        }
        #expect(harness.planner.context.output == ["all": [10, 21, 32]])
    }

    @Test("an empty list has an empty result; what is no list is an error with its place")
    func noItems() throws {
        var empty = try PlannerHarness(Self.forEach, input: ["items": []])
        empty.run()
        #expect(empty.planner.context.output == ["all": []])
        var wrong = try PlannerHarness(Self.forEach, input: ["items": 3])
        wrong.run()
        #expect(wrong.planner.context.error?.code == .expressionError)
        #expect(wrong.planner.context["each"]?.attempt?.error?.details?["path"] == "/config/items")
    }

    @Test("an item that fails ends the others, or is given another output", arguments: 1...10)
    func itemErrors(seed: UInt64) throws {
        func harness(_ policy: JSONValue?) throws -> PlannerHarness {
            var config: JSONObject = [
                "items": [1, 2, 3, 4], "nodes": [["node_id": "work", "type": "echo"]],
            ]
            if let policy { config["on_item_error"] = policy }
            let nodes: JSONValue = [["node_id": "each", "type": "for_each", "config": .object(config)]]
            var harness = try PlannerHarness(["name": "w", "nodes": nodes], seed: seed)
            harness.result = { id, _, input in
                id == "each[1].work" ? .failure(NodeFailure(.failed, "no")) : .success(output: input)
            }
            harness.run()
            return harness
        }
        let failed = try harness(nil).planner.context
        #expect(failed.status == .failed && failed["each"]?.status == .failed)
        #expect(failed.nodes.allSatisfy { $0.status.isFinished })
        let replaced = try harness("continue").planner.context
        #expect(replaced.output == [1, .null, 3, 4])
        #expect(replaced["each"]?.notes?.metadata == ["failed_items": [1]])
        #expect(try harness(["continue_with": "x"]).planner.context.output == [1, "x", 3, 4])
    }

    @Test("a loop hands its output from one iteration to the next")
    func loop() throws {
        func run(_ config: JSONObject) throws -> WorkflowContext {
            var whole = config
            whole["nodes"] = [["node_id": "add", "type": "set", "config": ["value": "${item + 1}"]]]
            var harness = try PlannerHarness(
                ["name": "w", "nodes": [["node_id": "l", "type": "loop", "config": .object(whole)]]], input: 0)
            harness.run()
            return harness.planner.context
        }
        #expect(try run(["max_iterations": 4]).output == 4)
        #expect(try run(["max_iterations": 10, "while": "item < 3"]).output == 3)
        #expect(try run(["max_iterations": 10, "until": "item >= 5 && index == 4"]).output == 5)
        #expect(try run(["max_iterations": 10, "while": "false"]).output == 0)
        #expect(try run(["max_iterations": 3, "while": "true"]).error?.code == .tooManyIterations)
        #expect(try run(["max_iterations": 3, "until": "item == 3"]).output == 3)
        #expect(try run(["max_iterations": 3, "until": "item.x"]).error?.code == .expressionError)
    }

    @Test("bodies nest, and what is inside sees what is around it")
    func nesting() throws {
        var harness = try PlannerHarness(
            [
                "name": "w",
                "nodes": [
                    ["node_id": "base", "type": "set", "config": ["value": 100]],
                    [
                        "node_id": "outer", "type": "for_each",
                        "config": [
                            "items": [1, 2],
                            "nodes": [
                                ["node_id": "ten", "type": "set", "config": ["value": "${item * 10}"]],
                                [
                                    "node_id": "inner", "type": "for_each",
                                    "config": [
                                        "items": ["${item}", 7],
                                        "nodes": [
                                            [
                                                "node_id": "leaf", "type": "set",
                                                "config": [
                                                    "value":
                                                        "${nodes.base.output + nodes.ten.output + item + index}"
                                                ],
                                            ]
                                        ],
                                    ],
                                ],
                            ],
                        ],
                    ],
                ],
            ])
        harness.run()
        #expect(harness.planner.context.output == [[111, 118], [122, 128]])
        #expect(harness.planner.context["outer[1].inner[0].leaf"]?.outputData == 122)
    }
}

import FlowExpressions
import FlowJSON
import Synchronization
import Testing

@Suite struct VariableTests {
    @Test(
        "references name the variable, its constant members and the column",
        arguments: [
            ("input", ["input 1"]), ("input.a.b", ["input.a.b 1"]), ("nodes['a-b'].output", ["nodes.a-b.output 1"]),
            ("nodes.x[i].y", ["nodes.x 1", "i 9"]), ("has(nodes.x.output)", ["nodes.x.output 5"]),
            ("input.list.map(i, i + k)", ["input.list 1", "k 23"]), ("nodes.?x.?output", ["nodes.x.output 1"]),
            ("[input].map(input, input)", ["input 2"]),
            ("cel.bind(a, nodes.b.output, a + c)", ["nodes.b.output 13", "c 33"]),
            ("math.abs(x)", ["x 10"]), ("type(x) == int", ["x 6"]), ("'é' + x", ["x 7"]), ("1 + 2", []),
            ("x.size()", ["x 1"]),
            ("a.b.c(d.e)", ["a.b 1", "d.e 7"]), ("{'k': x}.k", ["x 7"]), ("has({'k': x}.k)", ["x 11"]),
            ("nodes[input.id].output", ["nodes 1", "input.id 7"]), ("nodes[?'x'].output", ["nodes.x.output 1"]),
        ])
    func references(source: String, expected: [String]) throws {
        var options = ExpressionOptions()
        options.isChecked = false
        let references = try CELExpression(source, options: options).references
        #expect(references.map { "\(([$0.root] + $0.members).joined(separator: ".")) \($0.column)" } == expected)
    }

    /// Nodes of a run, which counts what is asked for.
    private final class Nodes: VariableObject {
        let asked = Mutex<[String]>([])
        var memberNames: [String] { ["a", "b", "secret"] }

        func member(_ name: String) throws(EvaluationError) -> CELValue? {
            asked.withLock { $0.append(name) }
            switch name {
            case "a": return CELValue(["output": ["n": 1]])
            case "b": return CELValue(["output": .null])
            case "secret": throw EvaluationError(.undeclared, "not here")
            default: return nil
            }
        }
    }

    @Test("members of an object are found when they are asked for, and only then")
    func objects() throws {
        let nodes = Nodes()
        let variables: [String: CELValue] = ["nodes": CELValue(nodes)]
        #expect(try CELExpression("nodes.a.output.n + 1").evaluateJSON(variables) == 2)
        #expect(nodes.asked.withLock { $0 } == ["a"])
        #expect(try CELExpression("has(nodes.b) && !has(nodes.c) && 'a' in nodes").evaluateBool(variables))
        #expect(try CELExpression("nodes.map(n, n)").evaluateJSON(variables) == ["a", "b", "secret"])
        #expect(try CELExpression("size(nodes)").evaluateJSON(variables) == 3)
        #expect(try CELExpression("nodes[?'c'].orValue(5)").evaluateJSON(variables) == 5)
        #expect(throws: EvaluationError(.undeclared, "not here", column: 1)) {
            try CELExpression("nodes.secret").evaluate(variables)
        }
        #expect(throws: EvaluationError.self) { try CELExpression("nodes").evaluateJSON(variables) }
    }

    @Test("values become JSON, and those without a form there are errors")
    func conversion() throws {
        #expect(
            try json(
                "{'t': timestamp(0), 'd': duration('3.5s'), 'b': b'hi', 'u': 5u, 1: [true], true: null, 'o': optional.none()}"
            )
                == [
                    "t": "1970-01-01T00:00:00Z", "d": "3.5s", "b": "aGk=", "u": 5, "1": [true], "true": .null,
                    "o": .null,
                ])
        #expect(try json("type(1)") == "int")
        for source in ["0.0 / 0.0", "[1.0 / 0.0]", "18446744073709551615u", "{1: 1, '1': 2}"] {
            #expect {
                try json(source)
            } throws: { ($0 as? EvaluationError)?.code == .notJSON }
        }
    }

    @Test("a condition has to be a truth value")
    func conditions() throws {
        #expect(try CELExpression("x > 1").evaluateBool(JSONVariables(["x": 2])))
        #expect(throws: EvaluationError.self) { try CELExpression("x").evaluateBool(JSONVariables(["x": 2])) }
    }

    @Test("names are looked for in the container first, the longest first")
    func containers() throws {
        var options = ExpressionOptions()
        options.container = "com.example"
        options.hasQualifiedVariables = true
        let variables: [String: CELValue] = [
            "y": .int(1), "com.y": .int(2), "com.example.z": .int(3), "a": .map(try CELMap([(.string("b"), .int(4))])),
            "a.b": .int(5),
        ]
        for (source, expected) in [
            ("y", 2), (".y", 1), ("z", 3), ("a.b", 5), ("[7].map(y, y)[0]", 7), ("[7].map(y, .y)[0]", 1),
        ] {
            #expect(try CELExpression(source, options: options).evaluateJSON(variables) == .integer(Int64(expected)))
        }
    }

    @Test("without the check, what can only fail is an error of the evaluation")
    func unchecked() throws {
        var options = ExpressionOptions()
        options.isChecked = false
        for source in ["nosuch(1) || true", "x.nosuch() || true", "1 + 'a' == 2 || true", "'a'.matches('(') || true"] {
            #expect(try CELExpression(source, options: options).evaluateBool([String: CELValue]()))
            #expect(throws: ExpressionError.self) { try CELExpression(source) }
        }
        options.hasMacros = false
        #expect(throws: EvaluationError.self) {
            try CELExpression("[1].all(x, true)", options: options).evaluate([String: CELValue]())
        }
    }
}

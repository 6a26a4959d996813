import FlowExpressions
import FlowJSON
import Testing

@Suite struct TemplateTests {
    private let variables = JSONVariables([
        "input": ["id": "a-1", "total": 12.5, "n": 3, "tags": ["x", "y"], "none": .null, "text": "say \"hi\""]
    ])

    @Test(
        "an expression alone keeps its type, in a text it becomes text",
        arguments: [
            ("${input.total}", 12.5), ("${input.n}", 3), ("${input.tags}", ["x", "y"]), ("${input.none}", .null),
            ("${ {'a': input.n} }", ["a": 3]), ("${'}' + '{'}", "}{"), ("${input.n > 2}", true),
            ("order ${input.id}", "order a-1"), ("${input.id}${input.n}", "a-13"),
            ("tags=${input.tags}, none=${input.none}", "tags=[\"x\",\"y\"], none=null"),
            ("${input.text}!", "say \"hi\"!"), ("$${input.id}", "${input.id}"), ("a$${b}${input.n}", "a${b}3"),
            ("$$ $ {}", "$$ $ {}"), ("costs 5$", "costs 5$"), ("", ""),
            ("${timestamp('2024-01-02T03:04:05Z')}", "2024-01-02T03:04:05Z"), ("in ${duration('90s')}", "in 90s"),
            ("${b'abc'}", "YWJj"), (" ${input.n}", " 3"), ("${input.tags.map(t, '<' + t + '>')}", ["<x>", "<y>"]),
        ] as [(String, JSONValue)])
    func renders(text: String, expected: JSONValue) throws {
        let template = try Template(["value": .string(text)])
        #expect(try template.render(variables) == ["value": expected])
    }

    @Test("a value without expressions is constant and stays what it is")
    func constants() throws {
        let value: JSONValue = ["a": [1, "two", .null], "${input.n}": "names are no templates"]
        let template = try Template(value)
        #expect(template.isConstant)
        #expect(template.references.isEmpty)
        #expect(try template.render(variables) == value)
        #expect(try Template(["$${x}", ["y": "$${z}"]]).render(variables) == ["${x}", ["y": "${z}"]])
        #expect(try Template("$${x}").isConstant)
        #expect(Template.constant("${x}").isConstant)
        #expect(try Template.constant("${x}").render(variables) == "${x}")
    }

    @Test("all errors are told at once, each with its place")
    func errors() {
        #expect {
            try Template([
                "a": "é ${1 +}", "b": ["fine", "${input.x", "${}"], "c": "${input.n} ${nosuch(1)}", "d": "${input.n}",
            ])
        } throws: { error in
            guard let errors = (error as? TemplateErrors)?.errors else { return false }
            return errors.map(\.pointer.description) == ["/a", "/b/1", "/b/2", "/c"]
                && errors.map(\.error.column) == [8, 10, 3, 14]
        }
    }

    @Test("an expression without a value is told with its place")
    func failure() throws {
        let template = try Template(["url": "${input.n}", "body": ["x": [1, "a ${1 / (input.n - 3)}"]]])
        #expect {
            _ = try template.render(variables)
        } throws: { error in
            let error = error as? EvaluationError
            return error?.code == .divisionByZero && error?.path == ["body", "x", 1]
        }
    }

    @Test("a text with very many expressions is compiled and rendered in one pass")
    func manyExpressions() throws {
        let text = String(repeating: "é${input.n} ", count: 50_000)
        let template = try Template(.string(text))
        #expect(template.references.last?.reference.column == 49_999 * 12 + 4)
        #expect(try template.render(variables) == .string(String(repeating: "é3 ", count: 50_000)))
    }

    @Test("references name the string and the place in it")
    func references() throws {
        let template = try Template(["a": "é${nodes.x.output + nodes['y-z'].status}", "b": ["${input}"]])
        let places = template.references.map {
            "\($0.pointer) \($0.reference.root) \($0.reference.members) \($0.reference.column)"
        }
        #expect(
            places == [
                "/a nodes [\"x\", \"output\"] 4", "/a nodes [\"y-z\", \"status\"] 21", "/b/0 input [] 3",
            ])
    }

    @Test("what a template costs is bounded as a whole")
    func budget() throws {
        let template = try Template(.array(Array(repeating: "${input.tags.map(t, t + t)}", count: 100)))
        #expect(throws: Never.self) { try template.render(variables) }
        #expect {
            try template.render(variables, limits: EvaluationLimits(steps: 200))
        } throws: { ($0 as? EvaluationError)?.code == .budgetExceeded }
        #expect {
            try template.render(variables, limits: EvaluationLimits(bytes: 200))
        } throws: { ($0 as? EvaluationError)?.code == .budgetExceeded }
    }
}

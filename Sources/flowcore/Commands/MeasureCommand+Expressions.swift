import FlowExpressions
import FlowJSON
import FlowSystem

extension MeasureCommand {
    /// Expressions of workflows, from conditions to templates of texts.
    private static let expressions = [
        "input.total > 1000.0 && input.country in [\"US\",\"DE\"]",
        "nodes.score.output.total * 1.2 >= double(input.limit)",
        "input.items.filter(i, i.price > 10.0).map(i, i.name).join(', ')",
        "input.email.matches('^[a-z0-9._-]+@[a-z0-9.-]+$')",
    ]

    /// Compiles each expression once and evaluates it over and over, on this thread.
    static func measureExpressions() throws {
        let items = (0..<10).map {
            JSONValue.object(["name": .string("item \($0)"), "price": .double(Double($0) * 2.5)])
        }
        let variables = JSONVariables([
            "input": [
                "id": "o-17", "total": 1500.5, "country": "DE", "limit": 2000, "items": .array(items),
                "email": "someone@example.org",
            ],
            "nodes": ["score": ["status": "completed", "output": ["total": 1800.25]]],
        ])
        for source in expressions {
            let expression = try CELExpression(source)
            var count = 0
            let start = ContinuousClock.now
            var elapsed = Duration.zero
            while elapsed < .seconds(1) {
                for _ in 0..<1000 { _ = try expression.evaluate(variables) }
                count += 1000
                elapsed = start.duration(to: .now)
            }
            let perSecond = Double(count) / (elapsed / .seconds(1))
            let result: JSONValue = ["expression": .string(source), "per_second": .integer(Int64(perSecond))]
            StandardStreams.write("\(result)\n")
        }
    }
}

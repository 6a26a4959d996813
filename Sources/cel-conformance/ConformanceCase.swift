import FlowExpressions
import FlowJSON

/// One case of the language's conformance suite, as a member of a file's array.
struct ConformanceCase {
    /// How a case ended.
    enum Outcome {
        case passed
        case failed(String)
        case skipped
    }

    let json: JSONValue

    var id: String {
        ["file", "section", "name"].compactMap { json[$0]?.string }.joined(separator: "/")
    }

    /// Runs the case.
    func run() -> Outcome {
        if json["needs"]?.isNull == false { return .skipped }
        guard let source = json["expr"]?.string else { return .failed("the case has no expression") }
        do {
            var variables: [String: CELValue] = [:]
            for member in json["bindings"]?.object?.members ?? [] {
                variables[member.name] = try TypedValue.decode(member.value)
            }
            var options = ExpressionOptions()
            options.hasQualifiedVariables = true
            options.container = json["container"]?.string ?? ""
            options.hasMacros = json["disable_macros"]?.bool != true
            options.isChecked = json["disable_check"]?.bool != true
            return outcome(evaluate(source, variables, options))
        } catch {
            return .failed("\(error)")
        }
    }

    private enum Evaluation {
        case value(CELValue)
        case error(String)
        case compiled
    }

    private func evaluate(_ source: String, _ variables: [String: CELValue], _ options: ExpressionOptions) -> Evaluation
    {
        do throws(ExpressionError) {
            let expression = try CELExpression(source, options: options)
            if json["check_only"]?.bool == true { return .compiled }
            do throws(EvaluationError) {
                return .value(try expression.evaluate(variables))
            } catch { return .error("\(error)") }
        } catch { return .error("\(error)") }
    }

    private func outcome(_ evaluation: Evaluation) -> Outcome {
        let expected = json["expect"]
        switch evaluation {
        case .compiled: return json["error"]?.isNull == false ? .failed("compiled, expected an error") : .passed
        case .error(let message):
            return expected == nil ? .passed : .failed("error: \(message), expected \(expected ?? .null)")
        case .value(let value):
            guard let expected else { return .failed("\(TypedValue.encode(value)), expected an error") }
            return TypedValue.matches(value, expected)
                ? .passed : .failed("\(TypedValue.encode(value)), expected \(expected)")
        }
    }
}

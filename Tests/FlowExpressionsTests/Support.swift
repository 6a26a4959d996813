import FlowExpressions
import FlowJSON

/// Evaluates an expression over JSON variables.
func evaluate(
    _ source: String, _ variables: JSONObject = JSONObject(), limits: EvaluationLimits = EvaluationLimits()
) throws -> CELValue {
    try CELExpression(source).evaluate(JSONVariables(variables), limits: limits)
}

/// Evaluates an expression whose value JSON has a form for.
func json(_ source: String, _ variables: JSONObject = JSONObject()) throws -> JSONValue {
    try CELExpression(source).evaluateJSON(JSONVariables(variables))
}

/// The error that an expression ends with, as `code` or, of the source, as `syntax`.
func failure(
    _ source: String, _ variables: JSONObject = JSONObject(), limits: EvaluationLimits = EvaluationLimits()
) -> (code: String, column: Int?)? {
    do {
        _ = try evaluate(source, variables, limits: limits)
        return nil
    } catch let error as ExpressionError {
        return ("syntax", error.column)
    } catch let error as EvaluationError {
        return (error.code.rawValue, error.column)
    } catch {
        return ("\(error)", nil)
    }
}

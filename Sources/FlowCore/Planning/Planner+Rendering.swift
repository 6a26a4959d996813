import FlowExpressions
public import FlowJSON

extension Planner {
    /// What a node works on in place of what the graph gives it; `nil` when its author said nothing of that.
    ///
    /// - Throws: ``NodeFailure`` with the code `expression_error` when the template has no value.
    public func input(ofNodeAt index: Int) throws(NodeFailure) -> JSONValue? {
        guard let template = context.writtenRules(ofNodeAt: index)?.input else { return nil }
        return try render(template, at: index)
    }

    // Apart, since otherwise the variables are made ready for nodes that have no template as well.
    @inline(never)
    private func render(_ input: Template, at index: Int) throws(NodeFailure) -> JSONValue {
        do {
            return try input.render(variables(at: index))
        } catch {
            throw .expression(error, at: ["input"])
        }
    }

    /// The node with its configuration filled in.
    ///
    /// - Throws: ``NodeFailure`` with the code `expression_error` when an expression in it has no value.
    public func rendered(_ node: Node, at index: Int, secrets: (any SecretSource)?) throws(NodeFailure) -> Node {
        guard let template = node.rules?.config else { return node }
        var variables = variables(at: index)
        variables.secrets = secrets
        do {
            guard case .object(let config) = try template.render(variables) else { return node }
            var rendered = node
            rendered.config = config
            return rendered
        } catch {
            throw .expression(error, at: ["config"])
        }
    }

    /// The variables of the run that a node of type `workflow` starts.
    ///
    /// - Throws: ``NodeFailure`` with the code `expression_error` when they are no object.
    public func childVariables(ofNodeAt index: Int) throws(NodeFailure) -> JSONObject {
        guard case .workflow(let child) = context.writtenRules(ofNodeAt: index)?.control,
            let template = child.variables?.template
        else { return JSONObject() }
        let value: JSONValue
        do {
            value = try template.render(variables(at: index))
        } catch {
            throw .expression(error, at: ["config", "variables"])
        }
        guard case .object(let object) = value else {
            throw NodeFailure(
                .expressionError, "the variables are a value of type \(value.typeName), not an object",
                details: ["path": "/config/variables"])
        }
        return object
    }

    private func variables(at index: Int) -> RunVariables {
        RunVariables(context, scope: context.scopeNumber(ofNodeAt: index))
    }
}

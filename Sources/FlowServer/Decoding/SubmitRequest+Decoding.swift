package import FlowCore
package import FlowEngine
package import FlowJSON

extension SubmitRequest {
    /// Reads a submission of JSON.
    ///
    /// - Parameter known: The workflow, when it was read from the same text before.
    /// - Throws: ``ValidationError`` with everything that is wrong.
    package init(
        decoding object: JSONObject, limits: WorkflowLimits, workflow known: Workflow? = nil
    ) throws(ValidationError) {
        var fields = FieldReader(object, at: [])
        let document = fields.value("workflow")
        let definition = fields.value("definition", expected: "the name of a definition, or NAME@VERSION") {
            $0.string.flatMap(DefinitionReference.init(checking:))
        }
        switch (document != nil, object["definition"] != nil) {
        case (false, false):
            fields.add(ValidationIssue([], "one of the fields \"workflow\" and \"definition\" is required"))
        case (true, true): fields.refuse("definition", "a submission has a workflow or a definition, not both")
        case (true, false), (false, true): break
        }
        let input = fields.value("input")
        let backend = fields.backend("backend")
        let requires = fields.texts("requires") ?? []
        let id = fields.value(
            "workflow_id", expected: "1 to 128 letters, digits, '_', '-', '.' or ':', starting with a letter or digit"
        ) { $0.string.flatMap(WorkflowID.init(checking:)) }
        let variables = fields.object("variables") ?? JSONObject()
        let labels = fields.textMap("labels") ?? [:]
        let durability = fields.value("durability", expected: "\"full\" or \"none\"") {
            $0.string.flatMap(Durability.init(rawValue:))
        }
        var hook: CompletionHook?
        if let value = fields.value("on_completion") {
            do { hook = try CompletionHook(decoding: value, at: ["on_completion"]) } catch { fields.add(error.issues) }
        }
        if labels.count > 64 { fields.refuse("labels", "\(labels.count) labels are more than the limit of 64") }
        for (name, value) in labels where name.isEmpty || name.utf8.count > 128 || value.utf8.count > 256 {
            fields.add(
                ValidationIssue(
                    ["labels", .name(name)], "a label has a name of 1 to 128 bytes and a value of up to 256"))
        }
        var workflow = known
        if let document, known == nil {
            do {
                workflow = try Workflow(decoding: document, at: ["workflow"], limits: limits)
            } catch {
                fields.add(error.issues)
            }
        }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
        if let workflow {
            self.init(workflow: workflow)
        } else if let definition {
            self.init(definition: definition)
        } else {
            throw ValidationError(issues)
        }
        self.input = input
        self.backend = backend
        self.requires = requires
        self.workflowID = id
        self.variables = variables
        self.labels = labels
        self.durability = durability
        self.onCompletion = hook
    }
}

public import FlowCore
public import FlowJSON

extension WorkflowService {
    /// Stores a workflow under a name, as a new version when it says something else than the latest one.
    ///
    /// - Parameters:
    ///   - document: The workflow; its `name` may be left out, and otherwise has to be the definition's.
    ///   - isAllowed: Whether it may be stored, given the latest version there is.
    /// - Throws: ``ServiceError/invalid(_:)`` with everything that would keep the workflow from being run;
    ///   ``ServiceError/preconditionFailed(_:)`` when it may not be stored.
    public func define(
        _ document: JSONObject, as name: DefinitionName, when isAllowed: DefinitionLibrary.Condition = { _ in true }
    ) async throws(ServiceError) -> DefinitionChange {
        var named = document
        if document["name"] == nil {
            named = ["name": .string(name.rawValue)]
            for member in document.members { named[member.name] = member.value }
        }
        let issues = try await issues(of: named, as: name)
        guard issues.isEmpty else { throw .invalid(issues) }
        return try await definitions.put(named, as: name, when: isAllowed)
    }

    /// Everything that is wrong with a document as a definition: what would be wrong with a submission of it.
    private func issues(
        of document: JSONObject, as name: DefinitionName
    ) async throws(ServiceError) -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        // By bytes: one name can be written in two ways that Swift takes for the same.
        if let other = document["name"]?.string, !other.utf8.elementsEqual(name.rawValue.utf8) {
            issues.append(
                ValidationIssue(
                    ["name"], "the definition is called \"\(name)\"; the workflow has to have the same name or none"))
        }
        let workflow: Workflow
        do {
            workflow = try Workflow(decoding: .object(document), limits: limits.workflow)
        } catch {
            return issues + error.issues + (await diagnose(["workflow": .object(document)])).map(\.inWorkflow)
        }
        do {
            _ = try await choose(SubmitRequest(workflow: workflow))
        } catch .invalid(let found) {
            issues += found.map(\.inWorkflow)
        } catch .noHealthyBackend {
            // It can be run, if not now.
        }
        return issues
    }

    /// The request with the workflow of the definition that it names, and with the version that this is.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` when there is no such definition.
    public nonisolated(nonsending) func resolve(_ request: SubmitRequest) async throws(ServiceError) -> SubmitRequest {
        guard let reference = request.definition else { return request }
        let found = try await definitions.workflow(reference, at: ["definition"], limits: limits.workflow)
        var resolved = request
        resolved.workflow = found.workflow
        resolved.definition = DefinitionReference(found.id)
        return resolved
    }

    /// What there is to say of the definition in a submission that is not acceptable as a whole.
    func diagnoseDefinition(in submission: JSONObject) async -> [ValidationIssue] {
        var rest = submission
        rest["definition"] = nil
        guard let reference = submission["definition"]?.string.flatMap(DefinitionReference.init(checking:)) else {
            return await diagnose(rest)
        }
        do throws(ServiceError) {
            let found = try await definitions.workflow(reference, at: ["definition"], limits: limits.workflow)
            var writer = JSONWriter()
            found.workflow.write(to: &writer)
            rest["workflow"] = try? JSONParser.parse(writer.bytes)
            return (await diagnose(rest)).map { $0.inDefinition(DefinitionReference(found.id), at: ["definition"]) }
        } catch .invalid(let issues) {
            return issues + (await diagnose(rest))
        } catch {
            // What cannot be read now is no fault of the client's, who has others to mend.
            return await diagnose(rest)
        }
    }
}

extension SubmitRequest {
    /// Issues of the workflow as the client sees them: a workflow that comes from a definition is not in the request.
    func placed(_ issues: [ValidationIssue]) -> [ValidationIssue] {
        guard let definition else { return issues }
        return issues.map { $0.inDefinition(definition, at: ["definition"]) }
    }
}

extension ValidationIssue {
    /// An issue of a submission's workflow as it is in a document that is the workflow.
    fileprivate var inWorkflow: ValidationIssue {
        guard pointer.tokens.first == "workflow" else { return self }
        return ValidationIssue(JSONPointer(Array(pointer.tokens.dropFirst())), detail, code: code)
    }

    /// An issue of a submission's workflow as whoever names a definition sees it: at the name's place, and told where
    /// in the definition it is.
    func inDefinition(_ reference: DefinitionReference, at place: JSONPointer) -> ValidationIssue {
        guard pointer.tokens.first == "workflow" else { return self }
        let inner = JSONPointer(Array(pointer.tokens.dropFirst()))
        return ValidationIssue(
            place, "in \"\(reference)\"\(inner.tokens.isEmpty ? "" : " at \(inner)"): \(detail)", code: code)
    }
}

public import FlowCore
public import FlowJSON

/// The stored definitions: workflows by name, each in versions that never change.
public struct DefinitionLibrary: Sendable {
    /// Whether a change may be made, given the latest version there is.
    public typealias Condition = @Sendable (_ latest: Int?) -> Bool

    let store: any DefinitionStore
    /// How much may be stored.
    public let limits: DefinitionLimits
    let clock: any WallClock

    /// The latest versions of the definitions behind a name, in the order of the names.
    public func list(after name: DefinitionName?, limit: Int) async throws(ServiceError) -> DefinitionPage {
        let found = try await Self.ask { () async throws(JournalError) in
            try await store.latestDefinitions(after: name, limit: limit + 1)
        }
        return DefinitionPage(entries: Array(found.prefix(limit)), hasMore: found.count > limit)
    }

    /// The versions of a definition before one of them, newest first.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such definition.
    public func versions(
        of name: DefinitionName, before version: Int?, limit: Int
    ) async throws(ServiceError) -> DefinitionPage {
        let found = try await Self.ask { () async throws(JournalError) in
            try await store.versions(of: name, before: version, limit: limit + 1)
        }
        if found.isEmpty { guard try await latest(of: name) != nil else { throw Self.unknown(name) } }
        return DefinitionPage(entries: Array(found.prefix(limit)), hasMore: found.count > limit)
    }

    /// The version that a reference names.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when there is none.
    public func load(_ reference: DefinitionReference) async throws(ServiceError) -> Definition {
        if let definition = try await find(reference) { return definition }
        guard let version = reference.version, let latest = try await latest(of: reference.name) else {
            throw Self.unknown(reference.name)
        }
        throw .notFound("there is no version \(version) of \"\(reference.name)\"; the latest is \(latest)")
    }

    /// The workflow that a reference stands for now.
    ///
    /// - Parameters:
    ///   - place: Where the client's document names it, for what is wrong with it.
    ///   - limits: What a workflow has to keep today, whatever was allowed when it was stored.
    /// - Returns: the workflow, and the version that it is.
    /// - Throws: ``ServiceError/invalid(_:)`` when there is none or it is not acceptable any more.
    public func workflow(
        _ reference: DefinitionReference, at place: JSONPointer, limits: WorkflowLimits
    ) async throws(ServiceError) -> (id: DefinitionID, workflow: Workflow) {
        let definition: Definition
        do {
            definition = try await load(reference)
        } catch .notFound(let detail) {
            throw .invalid([ValidationIssue(place, detail + (try await alternatives(to: reference)))])
        }
        do {
            let value = try definition.value()
            return (definition.id, try Workflow(decoding: value, at: ["workflow"], limits: limits))
        } catch let error as ValidationError {
            throw .invalid(error.issues.map { $0.inDefinition(reference, at: place) })
        } catch let error as ServiceError {
            throw error
        } catch {
            throw .unavailable("\(error)")
        }
    }

    /// Stores a document as the next version, unless the latest one says the same.
    ///
    /// - Parameter isAllowed: Whether that may be done. It is asked again when somebody else was faster.
    /// - Throws: ``ServiceError/preconditionFailed(_:)`` when it may not, ``ServiceError/conflict(_:)`` when there are as
    ///   many as there may be.
    func put(
        _ document: JSONObject, as name: DefinitionName, when isAllowed: Condition
    ) async throws(ServiceError) -> DefinitionChange {
        let bytes = JSONWriter.bytes(of: .object(document))
        guard bytes.count <= limits.bytes else {
            let detail =
                "the definition is \(bytes.count) bytes of JSON, which is more than the limit of \(limits.bytes)"
            throw .invalid([ValidationIssue([], detail)])
        }
        let canonical = JSONValue.object(document).canonicalBytes
        while true {
            let latest = try await find(DefinitionReference(name))
            guard isAllowed(latest?.id.version) else { throw Self.preconditionFailed(name, latest?.id.version) }
            if let latest {
                // The bytes alone spare most repetitions the look at the values.
                let isSame = latest.document == bytes ? true : try latest.value().canonicalBytes == canonical
                if isSame { return DefinitionChange(definition: latest, isNew: false) }
            }
            let stored = try await Self.ask { () async throws(JournalError) in
                try await store.append(bytes, to: name, after: latest?.id.version, at: clock.now, limits: limits)
            }
            if let stored {
                return DefinitionChange(definition: Definition(entry: stored, document: bytes), isNew: true)
            }
        }
    }

    /// Removes all versions of a definition. Runs that were started from it go on: they carry their workflow.
    ///
    /// - Parameter isAllowed: Whether that may be done. It is asked again when somebody else was faster.
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such definition,
    ///   ``ServiceError/preconditionFailed(_:)`` when it may not be done.
    public func remove(_ name: DefinitionName, when isAllowed: Condition) async throws(ServiceError) {
        while true {
            guard let latest = try await latest(of: name) else { throw Self.unknown(name) }
            guard isAllowed(latest) else { throw Self.preconditionFailed(name, latest) }
            let isRemoved = try await Self.ask { () async throws(JournalError) in
                try await store.removeDefinition(name, latest: latest)
            }
            if isRemoved { return }
        }
    }

    /// Removes one version. When it was the latest, the one before it is.
    ///
    /// - Parameter isAllowed: Whether that may be done, given the version itself.
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such version,
    ///   ``ServiceError/preconditionFailed(_:)`` when it may not be done.
    public func remove(_ id: DefinitionID, when isAllowed: Condition) async throws(ServiceError) {
        let reference = DefinitionReference(id)
        _ = try await load(reference)
        guard isAllowed(id.version) else { throw .preconditionFailed("the version is \(id.version)") }
        let isRemoved = try await Self.ask { () async throws(JournalError) in try await store.removeVersion(id) }
        // Somebody else may have been faster.
        if !isRemoved { _ = try await load(reference) }
    }

    private func find(_ reference: DefinitionReference) async throws(ServiceError) -> Definition? {
        try await Self.ask { () async throws(JournalError) in try await store.definition(reference) }
    }

    private func latest(of name: DefinitionName) async throws(ServiceError) -> Int? {
        try await Self.ask { () async throws(JournalError) in
            try await store.versions(of: name, before: nil, limit: 1).first?.id.version
        }
    }

    /// The names that there are, for whoever has named another one.
    private func alternatives(to reference: DefinitionReference) async throws(ServiceError) -> String {
        if reference.version != nil, try await latest(of: reference.name) != nil { return "" }
        let page = try await list(after: nil, limit: 20)
        guard !page.entries.isEmpty else { return "; there are none" }
        let names = page.entries.map { "\"\($0.id.name)\"" }.joined(separator: ", ")
        return "; there are \(names)" + (page.hasMore ? " and others" : "")
    }

    private static func unknown(_ name: DefinitionName) -> ServiceError {
        .notFound("there is no definition \"\(name)\"")
    }

    private static func preconditionFailed(_ name: DefinitionName, _ latest: Int?) -> ServiceError {
        let state = latest.map { "the latest version of \"\(name)\" is \($0)" } ?? "there is no definition \"\(name)\""
        return .preconditionFailed(state)
    }

    private static func ask<Value>(
        _ body: () async throws(JournalError) -> Value
    ) async throws(ServiceError) -> Value {
        do { return try await body() } catch { throw ServiceError(error) }
    }
}

/// What a client wants to be true of a resource before its request is done: `If-Match` and `If-None-Match` (RFC 9110
/// section 13.1).
package struct Preconditions: Sendable {
    private let match: EntityTagList?
    private let noneMatch: EntityTagList?

    /// Whether a request has any.
    package static func areGiven(_ request: HTTPRequest) -> Bool {
        request.fields.contains("if-match") || request.fields.contains("if-none-match")
    }

    /// Reads the fields of a request.
    ///
    /// - Throws: ``Problem`` when one of them is no list of entity tags: what cannot be understood must not be taken for
    ///   a condition that holds.
    package init(_ fields: RequestFields) throws(Problem) {
        var issues: [Problem.Issue] = []
        func read(_ name: String) -> EntityTagList? {
            let values = fields.values(name.lowercased())
            guard !values.isEmpty else { return nil }
            if let list = EntityTagList(values.joined(separator: ",")) { return list }
            issues.append(
                Problem.Issue(
                    parameter: name, "expected \"*\" or entity tags such as \"\\\"3\\\"\", separated by commas"))
            return nil
        }
        match = read("If-Match")
        noneMatch = read("If-None-Match")
        guard issues.isEmpty else {
            throw Problem(400, "precondition", "The condition cannot be understood.", issues: issues)
        }
    }

    /// Whether a request that changes something may go on.
    ///
    /// - Parameter tag: The version that there is; `nil` when there is no such resource.
    package func hold(for tag: EntityTag?) -> Bool {
        if let match, tag == nil || !match.contains(tag, isStrong: true) { return false }
        return tag == nil || !isKnown(tag)
    }

    /// Whether the client has this version already.
    ///
    /// - Parameter tag: The version; `nil` when the resource has none.
    package func isKnown(_ tag: EntityTag?) -> Bool { noneMatch?.contains(tag, isStrong: false) ?? false }

    /// Refuses a request that changes something and whose conditions do not hold.
    ///
    /// - Parameters:
    ///   - tag: The version; `nil` when the resource has none.
    ///   - isThere: Whether there is such a resource at all.
    /// - Throws: ``Problem`` with the condition that does not hold.
    package func check(_ tag: EntityTag?, isThere: Bool = true) throws(Problem) {
        try checkMatch(tag, isThere: isThere)
        guard isThere, isKnown(tag) else { return }
        throw Self.failed(
            "If-None-Match", tag.map { "the resource has the version \($0.field)" } ?? "the resource is there", tag)
    }

    /// Refuses a request that wants another version than the one that there is.
    ///
    /// - Parameters:
    ///   - tag: The version; `nil` when the resource has none.
    ///   - isThere: Whether there is such a resource at all.
    /// - Throws: ``Problem`` when `If-Match` does not hold.
    package func checkMatch(_ tag: EntityTag?, isThere: Bool = true) throws(Problem) {
        guard let match, !(isThere && match.contains(tag, isStrong: true)) else { return }
        let reason =
            if !isThere {
                "there is no such resource"
            } else if let tag {
                "the resource has the version \(tag.field)"
            } else {
                "the resource has no version, so that \"*\" alone can match"
            }
        throw Self.failed("If-Match", reason, tag)
    }

    private static func failed(_ field: String, _ reason: String, _ tag: EntityTag?) -> Problem {
        Problem(
            412, "precondition-failed", "The condition of \(field) does not hold: \(reason).",
            issues: [Problem.Issue(parameter: field, reason)], fields: tag.map { [("ETag", $0.field)] } ?? [])
    }
}

extension HTTPRequest {
    /// Refuses a request that changes something and whose conditions do not hold.
    ///
    /// - Parameters:
    ///   - tag: The version; `nil` when the resource has none.
    ///   - isThere: Whether there is such a resource at all.
    /// - Throws: ``Problem`` with the condition that does not hold or cannot be understood.
    package func checkConditions(_ tag: EntityTag?, isThere: Bool = true) throws(Problem) {
        guard isConditional else { return }
        try Preconditions(fields).check(tag, isThere: isThere)
    }
}

extension Preconditions {
    /// Whether a request has any.
    package static func areGiven(_ request: HTTPRequest) -> Bool {
        request.fields.contains("if-match") || request.fields.contains("if-none-match")
    }

    /// Refuses a request that changes something and whose conditions do not hold.
    ///
    /// - Parameters:
    ///   - tag: The version; `nil` when the resource has none.
    ///   - isThere: Whether there is such a resource at all.
    package static func check(_ request: HTTPRequest, _ tag: EntityTag?, isThere: Bool = true) throws(Problem) {
        guard request.isConditional else { return }
        try checkMatch(request, tag, isThere: isThere)
        try checkNoneMatch(request, tag, isThere: isThere)
    }

    /// Refuses a request that wants another version than the one that there is.
    ///
    /// - Parameters:
    ///   - tag: The version; `nil` when the resource has none.
    ///   - isThere: Whether there is such a resource at all.
    package static func checkMatch(
        _ request: HTTPRequest, _ tag: EntityTag?, isThere: Bool = true
    ) throws(Problem) {
        let fields = request.fields.values("if-match")
        guard !fields.isEmpty else { return }
        let holds = isThere && (tag?.matches(ifMatch: fields) ?? fields.allSatisfy { $0.trimmed == "*" })
        guard !holds else { return }
        let reason =
            if !isThere {
                "there is no such resource"
            } else if let tag {
                "the resource has the version \(tag.field)"
            } else {
                "the resource has no version, so that \"*\" alone can match"
            }
        throw failed("If-Match", reason, tag)
    }

    /// Refuses a request that wants the resource not to be there, or not in the version that it has.
    private static func checkNoneMatch(_ request: HTTPRequest, _ tag: EntityTag?, isThere: Bool) throws(Problem) {
        let fields = request.fields.values("if-none-match")
        guard isThere, !fields.isEmpty else { return }
        if let tag, tag.matches(ifNoneMatch: fields) {
            throw failed("If-None-Match", "the resource has the version \(tag.field)", tag)
        }
        if fields.contains(where: { $0.trimmed == "*" }) { throw failed("If-None-Match", "the resource is there", tag) }
    }

    private static func failed(_ field: String, _ reason: String, _ tag: EntityTag?) -> Problem {
        Problem(
            412, "precondition-failed", "The condition of \(field) does not hold: \(reason).",
            issues: [Problem.Issue(parameter: field, reason)], fields: tag.map { [("ETag", $0.field)] } ?? [])
    }
}

/// Collects the fields of a request. A client mostly sends the same ones with each request of a connection: then those of the
/// request before are used again, and nothing is copied.
package struct RequestFieldsBuilder {
    private let known: RequestFields?
    /// How many fields there have been that are the known ones.
    private var same = 0
    /// All fields, from the first on that is not the known one.
    private var own: RequestFields?

    /// Makes a builder that knows the fields of an earlier request.
    package init(known: RequestFields?) { self.known = known }

    /// Adds the next field.
    package mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if own == nil {
            if let known, known.holds(name, value, at: same) {
                same += 1
                return
            }
            own = differing()
        }
        own?.append(name, value)
    }

    /// All fields, and whether they are the known ones.
    package func finish() -> (fields: RequestFields, areKnown: Bool) {
        if let own { return (own, false) }
        guard let known, known.count == same else { return (differing(), false) }
        return (known, true)
    }

    private func differing() -> RequestFields {
        var fields = known?.first(same) ?? RequestFields()
        fields.reserveCapacity()
        return fields
    }
}

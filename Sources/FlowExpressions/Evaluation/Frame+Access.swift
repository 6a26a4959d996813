extension Frame {
    /// The member of that name, which has to exist. Of an optional it is an optional.
    mutating func select(_ name: String, of value: CELValue) throws(EvaluationError) -> CELValue {
        switch value {
        case .map(let map):
            guard let member = try map.member(name) else { throw EvaluationError.noSuchKey(name) }
            return member
        case .optional: return .optional(CELOptional(try find(.string(name), in: value)))
        default: throw EvaluationError.noMember(name, of: value)
        }
    }

    /// The element of a list or the value of a key, which has to exist. Of an optional it is an optional.
    mutating func index(_ key: CELValue, of value: CELValue) throws(EvaluationError) -> CELValue {
        switch value {
        case .map(let map):
            guard let found = try lookUp(key, in: map) else { throw EvaluationError(.noSuchKey, "no such key") }
            return found
        case .list(let list):
            let position = try Self.position(key)
            guard position >= 0, position < list.count else {
                throw EvaluationError(
                    .indexOutOfRange, "index out of range: \(position), the list has \(list.count) elements")
            }
            return list[Int(position)]
        case .optional: return .optional(CELOptional(try find(key, in: value)))
        default: throw EvaluationError.noSuchOverload("_[_]", value, key)
        }
    }

    /// The element or value, `nil` when there is none.
    mutating func find(_ key: CELValue, in value: CELValue) throws(EvaluationError) -> CELValue? {
        switch value {
        case .map(let map): return try lookUp(key, in: map)
        case .list(let list):
            let position = try Self.position(key)
            return position >= 0 && position < list.count ? list[Int(position)] : nil
        case .optional(let optional):
            guard let inner = optional.value else { return nil }
            return try find(key, in: inner)
        default:
            if case .string(let name) = key { throw EvaluationError.noMember(name, of: value) }
            throw EvaluationError.noSuchOverload("_[_]", value, key)
        }
    }

    /// The value of a key, `nil` when there is none.
    mutating func lookUp(_ key: CELValue, in map: CELMap) throws(EvaluationError) -> CELValue? {
        if case .string(let text) = key { try read(text.utf8.count) }
        return try map.value(key)
    }

    /// Adds an entry to a map to be.
    mutating func add(
        _ key: CELValue, _ value: CELValue, to builder: inout CELEntries.Builder
    ) throws(EvaluationError) {
        if case .string(let text) = key { try read(text.utf8.count) }
        try builder.add(key, value)
    }

    private static func position(_ key: CELValue) throws(EvaluationError) -> Int64 {
        switch key {
        case .int(let number): return number
        case .uint(let number): return Int64(clamping: number)
        case .double(let number):
            if let exact = Int64(exactly: number) { return exact }
        default: break
        }
        throw EvaluationError(.invalidArgument, "a value of type \(key.type) that is no position in a list")
    }
}

extension EvaluationError {
    /// The error for a name that the expression spells out. Texts that are computed are in no message: they may be secret.
    static func noSuchKey(_ name: String) -> EvaluationError {
        EvaluationError(.noSuchKey, "no such key: '\(name.shortened)'")
    }

    static func noMember(_ name: String, of value: CELValue) -> EvaluationError {
        EvaluationError(.noSuchOverload, "\(value.type) has no member '\(name.shortened)'")
    }
}

extension Frame {
    /// The order of two values, `nil` when values of these types have none.
    mutating func order(_ left: CELValue, _ right: CELValue) throws(EvaluationError) -> Order? {
        switch (left, right) {
        case (.double(let a), .double(let b)): return Order(a, b)
        case (.int(let a), .int(let b)): return Order(a, b)
        case (.string(let a), .string(let b)):
            try read(min(a.utf8.count, b.utf8.count))
            return Order(a.compare(bytesOf: b))
        case (.timestamp(let a), .timestamp(let b)): return Order(a, b)
        case (.duration(let a), .duration(let b)): return Order(a, b)
        case (.bool(let a), .bool(let b)): return Order(a ? 1 : 0, b ? 1 : 0)
        case (.bytes(let a), .bytes(let b)):
            try read(min(a.count, b.count))
            return a.lexicographicallyPrecedes(b) ? .less : b.lexicographicallyPrecedes(a) ? .greater : .equal
        default: return Self.numericOrder(left, right)
        }
    }

    /// The order of two numbers of any types, `nil` when one is none.
    ///
    /// An integer that meets a double is compared as one.
    static func numericOrder(_ left: CELValue, _ right: CELValue) -> Order? {
        switch (left, right) {
        case (.int(let a), .int(let b)): Order(a, b)
        case (.uint(let a), .uint(let b)): Order(a, b)
        case (.double(let a), .double(let b)): Order(a, b)
        case (.int(let a), .uint(let b)): a < 0 ? .less : Order(UInt64(a), b)
        case (.uint(let a), .int(let b)): b < 0 ? .greater : Order(a, UInt64(b))
        case (.int(let a), .double(let b)): Order(Double(a), b)
        case (.double(let a), .int(let b)): Order(a, Double(b))
        case (.uint(let a), .double(let b)): Order(Double(a), b)
        case (.double(let a), .uint(let b)): Order(a, Double(b))
        default: nil
        }
    }

    /// Whether two values are equal. Values of different types are not, numbers excepted.
    mutating func areEqual(_ left: CELValue, _ right: CELValue, depth: Int = 0) throws(EvaluationError) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)):
            guard a.utf8.count == b.utf8.count else { return false }
            try read(a.utf8.count)
            return a.hasSameBytes(as: b)
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.bytes(let a), .bytes(let b)):
            try read(a.count)
            return a == b
        case (.timestamp(let a), .timestamp(let b)): return a == b
        case (.duration(let a), .duration(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        case (.list(let a), .list(let b)): return try areEqual(a, b, depth: depth + 1)
        case (.map(let a), .map(let b)): return try areEqual(a, b, depth: depth + 1)
        case (.optional(let a), .optional(let b)):
            switch (a.value, b.value) {
            case (nil, nil): return true
            case (let a?, let b?): return try areEqual(a, b, depth: depth + 1)
            default: return false
            }
        default: return Self.numericOrder(left, right) == .equal
        }
    }

    private mutating func areEqual(_ left: CELList, _ right: CELList, depth: Int) throws(EvaluationError) -> Bool {
        guard left.count == right.count else { return false }
        try enter(depth)
        for index in 0..<left.count {
            try step()
            guard try areEqual(left[index], right[index], depth: depth) else { return false }
        }
        return true
    }

    private mutating func areEqual(_ left: CELMap, _ right: CELMap, depth: Int) throws(EvaluationError) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        try enter(depth)
        // The keys are collected before the first is looked at.
        try step(count)
        for key in left.keys {
            try step()
            guard let a = try left.value(key), let b = try right.value(key), try areEqual(a, b, depth: depth) else {
                return false
            }
        }
        return true
    }

    /// Whether a list has an element that equals a value.
    mutating func contains(_ list: CELList, _ element: CELValue) throws(EvaluationError) -> Bool {
        for index in 0..<list.count {
            try step()
            if try areEqual(list[index], element) { return true }
        }
        return false
    }

    /// Bounds how deep values nest that are walked.
    func enter(_ depth: Int) throws(EvaluationError) {
        if depth > Self.maxDepth { throw .depth }
    }
}

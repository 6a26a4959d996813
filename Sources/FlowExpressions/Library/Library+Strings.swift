extension Library {
    /// The string functions of the language itself.
    mutating func addStrings() {
        test("contains") { text, part in Search.position(of: part, in: text, from: 0) != nil }
        test("startsWith") { text, part in text.starts(with: part) }
        test("endsWith") { text, part in text.count >= part.count && text.suffix(part.count).elementsEqual(part) }
    }

    private mutating func test(_ name: String, _ test: @escaping @Sendable ([UInt8], [UInt8]) -> Bool) {
        method(name) { value, argument, frame throws(EvaluationError) in
            guard case .string(let text) = value, case .string(let part) = argument else {
                throw .noSuchOverload(name, value, argument)
            }
            try frame.read(text.utf8.count + part.utf8.count)
            return .bool(test(Array(text.utf8), Array(part.utf8)))
        }
    }
}

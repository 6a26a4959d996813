/// The functions that an expression can call.
struct Library: Sendable {
    private(set) var functions: [Function.Signature: Function] = [:]
    private(set) var names: Set<String> = []

    /// Every function there is.
    static let standard: Library = {
        var library = Library()
        library.addConversions()
        library.addCollections()
        library.addStrings()
        library.addStringExtensions()
        library.addMath()
        library.addLists()
        library.addSets()
        library.addTimes()
        library.addPatterns()
        library.addOptionals()
        library.addEncoders()
        return library
    }()

    /// Finds a function.
    func function(_ name: String, isMethod: Bool, count: Int) -> Function? {
        functions[Function.Signature(name: name, isMethod: isMethod, count: count)]
            ?? functions[Function.Signature(name: name, isMethod: isMethod, count: -1)]
    }

    private mutating func add(_ name: String, isMethod: Bool, _ count: Int, _ function: Function) {
        functions[Function.Signature(name: name, isMethod: isMethod, count: count)] = function
        names.insert(name)
    }

    mutating func global(
        _ name: String, _ body: @escaping @Sendable (CELValue, inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: false, 1, .unary(body)) }

    mutating func global(
        _ name: String,
        _ body: @escaping @Sendable (CELValue, CELValue, inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: false, 2, .binary(body)) }

    /// Adds a function of that many arguments, or of any number.
    mutating func global(
        _ name: String, count: Int?,
        _ body: @escaping @Sendable ([CELValue], inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: false, count ?? -1, .variadic(body)) }

    mutating func method(
        _ name: String, _ body: @escaping @Sendable (CELValue, inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: true, 1, .unary(body)) }

    mutating func method(
        _ name: String,
        _ body: @escaping @Sendable (CELValue, CELValue, inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: true, 2, .binary(body)) }

    mutating func pattern(
        _ name: String, isMethod: Bool, count: Int,
        _ body: @escaping @Sendable ([CELValue], Pattern, inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: isMethod, count, .pattern(body)) }

    mutating func method(
        _ name: String, count: Int,
        _ body: @escaping @Sendable ([CELValue], inout Frame) throws(EvaluationError) -> CELValue
    ) { add(name, isMethod: true, count, .variadic(body)) }
}

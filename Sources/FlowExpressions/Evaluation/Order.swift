/// How two values are ordered; a number that is none is neither above nor below.
enum Order {
    case less, equal, greater, unordered

    init<Value: Comparable>(_ left: Value, _ right: Value) {
        self = left < right ? .less : left == right ? .equal : left > right ? .greater : .unordered
    }

    init(_ number: Int) { self = number < 0 ? .less : number > 0 ? .greater : .equal }
}

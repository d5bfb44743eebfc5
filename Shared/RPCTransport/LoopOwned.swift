/// A value that belongs to one event loop, in memory of its own.
///
/// The runtime watches what a class stores for overlapping accesses, each time anew: a tenth of a call's cost.
/// Of a value that is only touched on an event loop, by code that does not come back to it, the loop itself
/// excludes them. So what every frame touches is held here.
@safe struct LoopOwned<Value: ~Copyable>: ~Copyable {
    private let memory: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        unsafe memory = .allocate(capacity: 1)
        unsafe memory.initialize(to: value)
    }

    deinit {
        unsafe memory.deinitialize(count: 1)
        unsafe memory.deallocate()
    }

    var value: Value {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(memory) }
        @inline(__always)
        nonmutating unsafeMutableAddress { unsafe memory }
    }
}

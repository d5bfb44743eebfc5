import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// Personnel registration (manual 5).

extension IdentityHandler {
    func registerPerson(
        _ request: Identity.RegisterPersonRequest, context: RequestContext
    ) async throws -> Identity.Registration {
        let person = try context.caller.applicant()
        var check = FormCheck()
        let input = RegistrationInput(request, today: CivilDay(clock.now()), &check)
        let form = try input.map { (input) throws(RPCError) in try sealed(input, person: person) }
        let registration = try await performPrivately(
            RegisterPerson(
                personID: person, unitID: request.unitID, form: form,
                hasResidentNumber: input?.document.hasResidentNumber ?? false,
                faults: check.faults, newID: ids()),
            for: request, context: context)
        return try masked(registration, number: form?.idNumber, phone: form?.phone)
    }

    func listRegistrations(
        _ request: Identity.ListRegistrationsRequest, context: RequestContext
    ) async throws -> Identity.ListRegistrationsReply {
        let unit = try context.caller.officer().unit.id
        let bounds = try PageBounds(request.page)
        guard !request.former else { return try former(unit, bounds) }
        let filter = try filter(request, unit: unit)
        let (found, total) = try database.fetch { rows in
            (
                try RegistrationStore.page(filter, bounds, rows),
                try RegistrationStore.count(filter, rows)
            )
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.registeredMilliseconds, id: $0.id)
        }
        return Identity.ListRegistrationsReply(
            registrations: try page.map { (stored) throws(RPCError) in
                try masked(
                    stored.message(), number: stored.form.idNumber, phone: stored.form.phone)
            }, nextCursor: next, total: total)
    }

    func getRegistration(
        _ request: Identity.GetRegistrationRequest, context: RequestContext
    ) async throws -> Identity.Registration {
        let session = try session(context)
        let jurisdiction = context.caller.jurisdiction
        let found = try database.fetch { rows in
            if let jurisdiction {
                return try Self.referred(request.id, to: jurisdiction, rows)
            }
            return session.role == .applicant
                ? try Self.own(request.id, person: session.personID, rows)
                : try Self.seen(request.id, unit: session.unit?.id ?? "", rows)
        }
        guard let (message, form) = found else {
            throw RPCError(serviceError: Refusal.notFound("人员注册"))
        }
        return try masked(message, number: form.idNumber, phone: form.phone)
    }

    private typealias Found = (message: Identity.Registration, form: RegistrationForm)

    /// The person's registration by its id, or the live one.
    private static func own(
        _ id: String, person: String, _ rows: any RowReader
    ) throws -> Found? {
        let stored =
            id.isEmpty
            ? try RegistrationStore.live(of: person, rows)
            : try RegistrationStore.registration(id, rows)
        guard let stored, stored.personID == person else { return nil }
        return (stored.message(flow: try RegistrationStore.flow(stored.id, rows)), stored.form)
    }

    /// What a superior may see: a registration whose present round was referred to one of their regions.
    private static func referred(
        _ id: String, to jurisdiction: Jurisdiction, _ rows: any RowReader
    ) throws -> Found? {
        guard let stored = try RegistrationStore.registration(id, rows),
            let task = TaskID(stored.taskID),
            try ReviewStore.round(task, .superior(jurisdiction), rows) != nil
        else { return nil }
        return (stored.message(flow: try RegistrationStore.flow(id, rows)), stored.form)
    }

    /// What the unit may see: a registration of its own, or one of somebody who left, as it was.
    private static func seen(
        _ id: String, unit: String, _ rows: any RowReader
    ) throws -> Found? {
        guard let stored = try RegistrationStore.registration(id, rows) else { return nil }
        if stored.unitID == unit {
            return (stored.message(flow: try RegistrationStore.flow(id, rows)), stored.form)
        }
        guard let former = try RegistrationHistory.former(id, unit: unit, rows) else {
            return nil
        }
        let flow = try RegistrationStore.flow(id, upTo: former.steps, rows)
        return (former.message(flow: flow), former.registration.form)
    }

    /// 已调出.
    private func former(
        _ unit: String, _ bounds: PageBounds
    ) throws(RPCError) -> Identity.ListRegistrationsReply {
        let (found, total) = try database.fetch { rows in
            (
                try RegistrationHistory.page(unit: unit, bounds, rows),
                try RegistrationHistory.count(unit: unit, rows)
            )
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.leftMilliseconds, id: $0.registration.id)
        }
        return Identity.ListRegistrationsReply(
            registrations: try page.map { (former) throws(RPCError) in
                let form = former.registration.form
                return try masked(former.message(), number: form.idNumber, phone: form.phone)
            }, nextCursor: next, total: total)
    }

    func describePerson(
        _ request: Identity.DescribePersonRequest, context: RequestContext
    ) async throws -> Identity.PersonSummary {
        let found = try database.fetch { rows -> PersonFacts? in
            guard let person = try PersonStore.person(request.personID, rows) else { return nil }
            let registration = try RegistrationStore.live(of: person.id, rows)
            return PersonFacts(
                person: person, registration: registration,
                unit: try registration.flatMap { try UnitStore.unit($0.unitID, rows) },
                officers: try registration.map {
                    try OfficerStore.active(unit: $0.unitID, rows)
                } ?? [])
        }
        guard let found else { throw RPCError(serviceError: Refusal.notFound("人员")) }
        return try guarding { try summary(found) }
    }

    // MARK: what they share

    private struct PersonFacts {
        let person: StoredPerson
        let registration: StoredRegistration?
        let unit: StoredUnit?
        let officers: [ActiveOfficer]
    }

    private func summary(_ facts: PersonFacts) throws -> Identity.PersonSummary {
        let (person, form) = (facts.person, facts.registration?.form)
        return Identity.PersonSummary(
            personID: person.id, name: form?.name ?? person.name, sex: form?.sex ?? "",
            birthDay: form?.birthDay ?? "", idDocument: form?.idDocument ?? "",
            idNumberMasked: try personal.maskedIDNumber(
                form?.idNumber ?? person.idNumber,
                form == nil
                    ? .personIDNumber(person.id) : .registrationIDNumber(person: person.id)),
            phoneMasked: try personal.maskedPhone(
                form?.phone ?? person.phone,
                form == nil ? .personPhone(person.id) : .registrationPhone(person: person.id)),
            politicalStatus: form?.politicalStatus ?? "", unitID: facts.unit?.id ?? "",
            unitName: facts.unit?.name ?? "",
            registration: facts.registration?.phase.message ?? .unspecified,
            personKey: person.idIndex ?? [], unitRegion: facts.unit?.details.region ?? "",
            soleOfficer: !facts.officers.referral(of: person.idIndex, in: facts.unit).isEmpty,
            unitSuspended: facts.unit?.state == .suspended)
    }

    private func filter(
        _ request: Identity.ListRegistrationsRequest, unit: String
    ) throws(RPCError) -> RegistrationStore.Filter {
        var check = FormCheck()
        let search = check.text(
            request.search, "search", "输入姓名和身份证号码查询", required: false, longest: 50)
        let phase = RegistrationPhase(rawValue: Int64(request.state.rawValue))
        if request.state != .unspecified, phase == nil {
            check.fault("state", "审核状态", "没有这样的状态")
        }
        try refusing { () throws(Refusal) in try check.finish() }
        return RegistrationStore.Filter(
            unit: unit, phase: phase,
            search: search.isEmpty
                ? nil : (search, personal.index(idNumber: search.uppercased())))
    }

    func sealed(
        _ input: RegistrationInput, person: String
    ) throws(RPCError) -> RegistrationForm {
        try guarding {
            RegistrationForm(
                name: input.name, sex: input.sex, idDocument: input.document.rawValue,
                idNumber: try personal.seal(
                    input.idNumber, .registrationIDNumber(person: person)),
                idIndex: personal.index(idNumber: input.idNumber),
                phone: try personal.seal(input.phone, .registrationPhone(person: person)),
                birthDay: input.birthDay, politicalStatus: input.politicalStatus,
                email: input.email)
        }
    }

    /// The registration with its numbers masked.
    func masked(
        _ registration: Identity.Registration, number: [UInt8]?, phone: [UInt8]?
    ) throws(RPCError) -> Identity.Registration {
        try guarding {
            var registration = registration
            registration.idNumberMasked = try personal.maskedIDNumber(
                number, .registrationIDNumber(person: registration.personID))
            registration.phoneMasked = try personal.maskedPhone(
                phone, .registrationPhone(person: registration.personID))
            return registration
        }
    }
}

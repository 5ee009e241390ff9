# Generated from a schema diff on 2026-11-23 16:34.
from peewee import *
from models.base import HashField
from models.base import IdField
from models.base import LongBlobField
from models.base import LongTextField
from models.base import MomentField

def up(migrator, db):
    class Barcode(Model):
        merchant_id = IdField()
        code = CharField(max_length=40)
        sku_id = IdField()
        class Meta:
            database = db
            table_name = 'barcode'
            primary_key = CompositeKey('merchant_id', 'code')
            indexes = ((('merchant_id', 'sku_id'), False),)
    db.create_tables([Barcode])

    class Card(Model):
        merchant_id = IdField()
        code = CharField(max_length=40)
        member_id = IdField()
        class Meta:
            database = db
            table_name = 'card'
            primary_key = CompositeKey('merchant_id', 'code')
            indexes = ((('merchant_id', 'member_id'), False),)
    db.create_tables([Card])

    class Category(Model):
        merchant_id = IdField()
        id = IdField()
        parent_id = IdField()
        name = CharField(max_length=120)
        class Meta:
            database = db
            table_name = 'category'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'parent_id', 'name'), True),)
    db.create_tables([Category])

    class EarnRuleRow(Model):
        merchant_id = IdField()
        version = IntegerField()
        effective_at = MomentField()
        cents_per_point = BigIntegerField()
        expiry_months = IntegerField(null=True)
        class Meta:
            database = db
            table_name = 'earn_rule'
            primary_key = CompositeKey('merchant_id', 'version')
    db.create_tables([EarnRuleRow])

    class Member(Model):
        merchant_id = IdField()
        id = IdField()
        number = CharField(max_length=20)
        name = CharField(max_length=500)
        phone = CharField(null=True, max_length=200)
        phone_index = HashField(null=True)
        phone_last4 = CharField(null=True, max_length=4)
        tier_id = IdField()
        status = CharField(max_length=10)
        enrolled_at = MomentField()
        class Meta:
            database = db
            table_name = 'member'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'number'), True), (('merchant_id', 'phone_index'), True), (('merchant_id', 'phone_last4', 'id'), False))
    db.create_tables([Member])

    class MemberSummary(Model):
        merchant_id = IdField()
        member_id = IdField()
        visits = BigIntegerField()
        spend_cents = BigIntegerField()
        first_visit_at = MomentField()
        last_visit_at = MomentField()
        class Meta:
            database = db
            table_name = 'member_summary'
            primary_key = CompositeKey('merchant_id', 'member_id')
    db.create_tables([MemberSummary])

    class Merchant(Model):
        id = IdField(primary_key=True)
        code = CharField(unique=True, max_length=40)
        name = CharField(max_length=120)
        currency = CharField(max_length=3)
        created_at = MomentField()
        class Meta:
            database = db
            table_name = 'merchant'
    db.create_tables([Merchant])

    class Outbox(Model):
        id = IdField(primary_key=True)
        queue = CharField(max_length=20)
        name = CharField(max_length=40)
        message_id = CharField(max_length=36)
        body = LongBlobField()
        commands = SmallIntegerField()
        at = MomentField()
        class Meta:
            database = db
            table_name = 'outbox'
    db.create_tables([Outbox])

    class Parked(Model):
        id = IdField(primary_key=True)
        merchant_id = IdField(index=True)
        command_id = IdField(index=True)
        queue = CharField(max_length=20)
        name = CharField(max_length=80)
        reason = CharField(max_length=500)
        body = LongBlobField()
        at = MomentField()
        class Meta:
            database = db
            table_name = 'parked'
    db.create_tables([Parked])

    class PointsAccount(Model):
        merchant_id = IdField()
        member_id = IdField()
        balance = BigIntegerField()
        class Meta:
            database = db
            table_name = 'points_account'
            primary_key = CompositeKey('merchant_id', 'member_id')
    db.create_tables([PointsAccount])

    class PointsEntry(Model):
        merchant_id = IdField()
        id = IdField()
        member_id = IdField()
        lot_id = IdField()
        kind = CharField(max_length=10)
        points = BigIntegerField()
        sale_id = IdField(null=True)
        rule_version = IntegerField(null=True)
        at = MomentField()
        class Meta:
            database = db
            table_name = 'points_entry'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'member_id', 'id'), False),)
    db.create_tables([PointsEntry])

    class PointsLot(Model):
        merchant_id = IdField()
        id = IdField()
        member_id = IdField()
        sale_id = IdField(null=True)
        points = BigIntegerField()
        remaining = BigIntegerField()
        state = CharField(max_length=10)
        earned_at = MomentField()
        expires_at = MomentField(null=True)
        class Meta:
            database = db
            table_name = 'points_lot'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'member_id', 'expires_at'), False),)
    db.create_tables([PointsLot])

    class Product(Model):
        merchant_id = IdField()
        id = IdField()
        category_id = IdField(null=True)
        name = CharField(max_length=200)
        class Meta:
            database = db
            table_name = 'product'
            primary_key = CompositeKey('merchant_id', 'id')
    db.create_tables([Product])

    class Receipt(Model):
        merchant_id = IdField()
        id = IdField()
        name = CharField(max_length=40)
        body_hash = HashField()
        state = CharField(max_length=8)
        code = CharField(null=True, max_length=60)
        answer = LongTextField()
        settled_at = MomentField()
        class Meta:
            database = db
            table_name = 'receipt'
            primary_key = CompositeKey('merchant_id', 'id')
    db.create_tables([Receipt])

    class Sale(Model):
        merchant_id = IdField()
        id = IdField()
        store_id = IdField()
        terminal_id = IdField()
        sequence = BigIntegerField()
        member_id = IdField(null=True)
        cashier_id = IdField(null=True)
        mode = CharField(max_length=8)
        state = CharField(max_length=16)
        sold_at = MomentField()
        business_date = DateField()
        hour = SmallIntegerField()
        gross_cents = BigIntegerField()
        discount_cents = BigIntegerField()
        net_cents = BigIntegerField()
        cost_cents = BigIntegerField()
        variance_cents = BigIntegerField()
        items_milli = BigIntegerField()
        content_hash = HashField()
        class Meta:
            database = db
            table_name = 'sale'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'terminal_id', 'sequence'), True), (('merchant_id', 'store_id', 'id'), False), (('merchant_id', 'member_id', 'id'), False))
    db.create_tables([Sale])

    class SaleLine(Model):
        merchant_id = IdField()
        sale_id = IdField()
        line = SmallIntegerField()
        sku_id = IdField()
        quantity_milli = BigIntegerField()
        gross_cents = BigIntegerField()
        discount_cents = BigIntegerField()
        net_cents = BigIntegerField()
        cost_cents = BigIntegerField()
        variance_cents = BigIntegerField()
        class Meta:
            database = db
            table_name = 'sale_line'
            primary_key = CompositeKey('merchant_id', 'sale_id', 'line')
    db.create_tables([SaleLine])

    class SalesByHour(Model):
        merchant_id = IdField()
        store_id = IdField()
        business_date = DateField()
        hour = SmallIntegerField()
        tickets = BigIntegerField()
        member_tickets = BigIntegerField()
        items_milli = BigIntegerField()
        gross_cents = BigIntegerField()
        discount_cents = BigIntegerField()
        net_cents = BigIntegerField()
        member_net_cents = BigIntegerField()
        cost_cents = BigIntegerField()
        variance_cents = BigIntegerField()
        class Meta:
            database = db
            table_name = 'sales_by_hour'
            primary_key = CompositeKey('merchant_id', 'store_id', 'business_date', 'hour')
            indexes = ((('merchant_id', 'business_date'), False),)
    db.create_tables([SalesByHour])

    class SalesByMember(Model):
        merchant_id = IdField()
        member_id = IdField()
        business_date = DateField()
        tickets = BigIntegerField()
        items_milli = BigIntegerField()
        net_cents = BigIntegerField()
        class Meta:
            database = db
            table_name = 'sales_by_member'
            primary_key = CompositeKey('merchant_id', 'member_id', 'business_date')
            indexes = ((('merchant_id', 'business_date'), False),)
    db.create_tables([SalesByMember])

    class SalesByProduct(Model):
        merchant_id = IdField()
        store_id = IdField()
        business_date = DateField()
        sku_id = IdField()
        tickets = BigIntegerField()
        quantity_milli = BigIntegerField()
        gross_cents = BigIntegerField()
        discount_cents = BigIntegerField()
        net_cents = BigIntegerField()
        cost_cents = BigIntegerField()
        class Meta:
            database = db
            table_name = 'sales_by_product'
            primary_key = CompositeKey('merchant_id', 'store_id', 'business_date', 'sku_id')
            indexes = ((('merchant_id', 'business_date'), False),)
    db.create_tables([SalesByProduct])

    class SaleTender(Model):
        merchant_id = IdField()
        sale_id = IdField()
        line = SmallIntegerField()
        kind = CharField(max_length=16)
        amount_cents = BigIntegerField()
        change_cents = BigIntegerField()
        reference = CharField(null=True, max_length=80)
        class Meta:
            database = db
            table_name = 'sale_tender'
            primary_key = CompositeKey('merchant_id', 'sale_id', 'line')
    db.create_tables([SaleTender])

    class Session(Model):
        merchant_id = IdField()
        id = IdField()
        staff_id = IdField()
        token_hash = HashField()
        opened_at = MomentField()
        rotated_at = MomentField(null=True)
        expires_at = MomentField(index=True)
        revoked_at = MomentField(null=True)
        class Meta:
            database = db
            table_name = 'session'
            primary_key = CompositeKey('merchant_id', 'id')
    db.create_tables([Session])

    class Sku(Model):
        merchant_id = IdField()
        id = IdField()
        product_id = IdField()
        code = CharField(max_length=40)
        price_cents = BigIntegerField()
        cost_cents = BigIntegerField()
        unit = CharField(max_length=10)
        changed_at = MomentField()
        class Meta:
            database = db
            table_name = 'sku'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'code'), True),)
    db.create_tables([Sku])

    class Staff(Model):
        merchant_id = IdField()
        id = IdField()
        login = CharField(max_length=80)
        name = CharField(max_length=500)
        role = CharField(max_length=20)
        store_id = IdField(null=True)
        password_hash = CharField(null=True, max_length=200)
        pin_hash = CharField(null=True, max_length=200)
        created_at = MomentField()
        revoked_at = MomentField(null=True)
        class Meta:
            database = db
            table_name = 'staff'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'login'), True),)
    db.create_tables([Staff])

    class Stock(Model):
        merchant_id = IdField()
        store_id = IdField()
        sku_id = IdField()
        quantity_milli = BigIntegerField()
        class Meta:
            database = db
            table_name = 'stock'
            primary_key = CompositeKey('merchant_id', 'store_id', 'sku_id')
    db.create_tables([Stock])

    class StockDocument(Model):
        merchant_id = IdField()
        id = IdField()
        store_id = IdField()
        kind = CharField(max_length=10)
        note = CharField(null=True, max_length=120)
        staff_id = IdField(null=True)
        at = MomentField()
        class Meta:
            database = db
            table_name = 'stock_document'
            primary_key = CompositeKey('merchant_id', 'id')
    db.create_tables([StockDocument])

    class StockMovement(Model):
        merchant_id = IdField()
        source_id = IdField()
        line = SmallIntegerField()
        store_id = IdField()
        sku_id = IdField()
        kind = CharField(max_length=10)
        quantity_milli = BigIntegerField()
        at = MomentField()
        class Meta:
            database = db
            table_name = 'stock_movement'
            primary_key = CompositeKey('merchant_id', 'source_id', 'line')
    db.create_tables([StockMovement])

    class Store(Model):
        merchant_id = IdField()
        id = IdField()
        code = CharField(max_length=40)
        name = CharField(max_length=120)
        time_zone = CharField(max_length=60)
        day_cutoff_minutes = IntegerField()
        class Meta:
            database = db
            table_name = 'store'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'code'), True),)
    db.create_tables([Store])

    class Terminal(Model):
        merchant_id = IdField()
        id = IdField()
        store_id = IdField()
        name = CharField(max_length=120)
        enrol_hash = HashField(unique=True, null=True)
        enrol_until = MomentField(null=True)
        key_hash = HashField(null=True)
        created_at = MomentField()
        enrolled_at = MomentField(null=True)
        revoked_at = MomentField(null=True)
        class Meta:
            database = db
            table_name = 'terminal'
            primary_key = CompositeKey('merchant_id', 'id')
    db.create_tables([Terminal])

    class Tier(Model):
        merchant_id = IdField()
        id = IdField()
        code = CharField(max_length=40)
        name = CharField(max_length=120)
        multiplier_bp = IntegerField()
        class Meta:
            database = db
            table_name = 'tier'
            primary_key = CompositeKey('merchant_id', 'id')
            indexes = ((('merchant_id', 'code'), True),)
    db.create_tables([Tier])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('tier'))
    migrator.migrate(migrator.drop_table('terminal'))
    migrator.migrate(migrator.drop_table('store'))
    migrator.migrate(migrator.drop_table('stock_movement'))
    migrator.migrate(migrator.drop_table('stock_document'))
    migrator.migrate(migrator.drop_table('stock'))
    migrator.migrate(migrator.drop_table('staff'))
    migrator.migrate(migrator.drop_table('sku'))
    migrator.migrate(migrator.drop_table('session'))
    migrator.migrate(migrator.drop_table('sale_tender'))
    migrator.migrate(migrator.drop_table('sales_by_product'))
    migrator.migrate(migrator.drop_table('sales_by_member'))
    migrator.migrate(migrator.drop_table('sales_by_hour'))
    migrator.migrate(migrator.drop_table('sale_line'))
    migrator.migrate(migrator.drop_table('sale'))
    migrator.migrate(migrator.drop_table('receipt'))
    migrator.migrate(migrator.drop_table('product'))
    migrator.migrate(migrator.drop_table('points_lot'))
    migrator.migrate(migrator.drop_table('points_entry'))
    migrator.migrate(migrator.drop_table('points_account'))
    migrator.migrate(migrator.drop_table('parked'))
    migrator.migrate(migrator.drop_table('outbox'))
    migrator.migrate(migrator.drop_table('merchant'))
    migrator.migrate(migrator.drop_table('member_summary'))
    migrator.migrate(migrator.drop_table('member'))
    migrator.migrate(migrator.drop_table('earn_rule'))
    migrator.migrate(migrator.drop_table('category'))
    migrator.migrate(migrator.drop_table('card'))
    migrator.migrate(migrator.drop_table('barcode'))

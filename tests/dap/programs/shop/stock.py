class Stock:
    def accept(self, order):
        return order  # @stock-accept

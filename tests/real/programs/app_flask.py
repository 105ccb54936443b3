"""A Flask application, run by ``flask run``."""

from flask import Flask, jsonify
from handled import handle

app = Flask(__name__)


@app.get("/<int:number>")
def answer(number):
    return jsonify(handle(number))

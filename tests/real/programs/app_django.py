"""A Django project in one file: ``app_django.py runserver --noreload ADDRESS``."""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import JsonResponse
from django.urls import path
from handled import handle

settings.configure(
    DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for tests", LOGGING_CONFIG=None
)

urlpatterns = [path("<int:number>", lambda request, number: JsonResponse(handle(number)))]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)

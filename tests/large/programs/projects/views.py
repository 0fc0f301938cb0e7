"""The page of a Django project: the text of word.txt."""

from django.http import HttpResponse


def index(request):
    with open("word.txt") as file:
        return HttpResponse(f"<!DOCTYPE html><b>{file.read()}</b>")

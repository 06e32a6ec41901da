"""Pages: templates over answers, the parts they are made of, the files they load, the headers they are sent with."""

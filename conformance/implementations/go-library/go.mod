module keywalk.example/go-library

go 1.19
